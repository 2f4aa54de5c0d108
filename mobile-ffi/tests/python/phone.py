"""A phone without a screen, in Python: the library with a keystore in a file."""

import threading
import time
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone
from pathlib import Path

import daybook


class FileKeystore(daybook.SecureStore):
    """Stands for the platform's keystore: outside of the store's folder, as backups would leave it out."""

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def load(self, name):
        file = self.folder / name
        return file.read_bytes() if file.exists() else None

    def save(self, name, secret):
        part = self.folder / (name + ".part")
        part.write_bytes(secret)
        part.rename(self.folder / name)

    def remove(self, name):
        (self.folder / name).unlink(missing_ok=True)


class Heard(daybook.RecordListener, daybook.SyncListener, daybook.StatusListener):
    """Takes down what listeners are told, and wakes whoever waits for it."""

    def __init__(self):
        self.news = threading.Condition()
        self.records, self.progress, self.statuses = set(), [], []

    def _note(self, note):
        with self.news:
            note()
            self.news.notify_all()

    def on_records_changed(self, records):
        self._note(lambda: self.records.update(records))

    def on_sync_progress(self, progress):
        self._note(lambda: self.progress.append(progress))

    def on_status_changed(self, status):
        self._note(lambda: self.statuses.append(status))

    def wait_for(self, true):
        with self.news:
            assert self.news.wait_for(true, 60), "nobody told the listener"


class Line(daybook.Transport):
    """The app's own HTTP stack, which takes down what it was asked for."""

    def __init__(self, url: str):
        self.url = url
        self.asked = []

    def send(self, request, patience):
        self.asked.append(request)
        asked = urllib.request.Request(
            self.url + request.path, request.body or None, request.headers, method=request.method)
        try:
            answer = urllib.request.urlopen(asked, timeout=patience.total_seconds())
        except urllib.error.HTTPError as refused:
            answer = refused
        except OSError:
            raise daybook.TransportError.Offline()
        with answer:
            return daybook.HttpResponse(
                status=answer.status, headers=dict(answer.headers.items()), body=answer.read())

    def photos(self):
        return [request for request in self.asked if request.path.startswith("/sync/v1/photos/uploads/")]


class LaterClock(daybook.Clock):
    """The phone was off for some days."""

    def __init__(self, days: int):
        self.later = timedelta(days=days)

    def now(self):
        wall = datetime.now(timezone.utc) + self.later
        return daybook.ClockReading(wall=wall, mono_ms=int(time.monotonic() * 1_000), boot=self.later.days)

    def utc_offset_minutes(self):
        return 480


def open_phone(folder: Path, url: str, **lent):
    config = daybook.Config(path=str(folder / "daybook.db"), server=url, app="python/1.0")
    return daybook.Daybook.open(config, FileKeystore(folder.parent / (folder.name + "-keystore")), **lent)


def lead(name: str, **facts):
    return daybook.LeadRequest(facts=daybook.LeadFacts(name=name, **facts))
