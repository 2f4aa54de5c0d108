"""A phone without a screen, in Python: the library with a keystore in a file."""

import threading
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


def open_phone(folder: Path, url: str, **lent):
    config = daybook.Config(path=str(folder / "daybook.db"), server=url, app="python/1.0")
    return daybook.Daybook.open(config, FileKeystore(folder.parent / (folder.name + "-keystore")), **lent)


def lead(name: str, **facts):
    return daybook.LeadRequest(facts=daybook.LeadFacts(name=name, **facts))
