"""A real server with a small company, and head quarters at its desk: what the suite talks to."""

import json
import os
import subprocess
import tempfile
import threading
import urllib.request
from pathlib import Path

PATIENCE_S = 60


class Server:
    """`daybook serve` in a process and a folder of its own."""

    def __init__(self, folder: Path):
        self.data = folder / "data"
        self.program = os.environ["DAYBOOK_BIN"]
        self.log = open(folder / "server.log", "ab")
        addresses = folder / "addresses.json"
        # A pipe that only the server holds: it ends when the server writes no addresses but dies.
        self.process = subprocess.Popen(
            [self.program, "serve", "--data-dir", self.data, "--port", "0", "--address-file", addresses],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for line in self.process.stderr:
            self.log.write(line)
            if addresses.exists():
                break
        else:
            raise RuntimeError(f"the server did not start; see {folder / 'server.log'}")
        self.url = "http://" + json.loads(addresses.read_text())["http"]
        self.follower = threading.Thread(target=self._follow, daemon=True)
        self.follower.start()

    def _follow(self):
        for line in self.process.stderr:
            self.log.write(line)

    def admin(self, *order: str):
        """Gives an order with `daybook admin`."""
        line = [self.program, "admin", *order, "--json", "--data-dir", self.data]
        return json.loads(subprocess.run(line, check=True, capture_output=True, timeout=PATIENCE_S).stdout)

    def stop(self):
        # Not asked to: it would wait for the connections that phones keep.
        self.process.kill()
        self.process.wait(PATIENCE_S)
        self.follower.join()
        self.process.stderr.close()
        self.log.close()


class Company(Server):
    """One office with one promoter, and a reviewer at head quarters."""

    def __init__(self, folder: Path):
        super().__init__(folder)
        self.admin("organisation", "create", "--name", "西南渠道公司")
        self.admin("office", "create", "--name", "成都")
        self.admin("person", "create", "--name", "promoter", "--role", "promoter", "--office", "成都")
        login = ["--login", "reviewer"]
        made = self.admin("person", "create", "--name", "reviewer", "--role", "reviewer", *login)
        self.password = made["password"]

    def code(self) -> str:
        return self.admin("code", "issue", "--person", "promoter")["code"]


class Desk:
    """A reviewer, signed in."""

    def __init__(self, company: Company):
        self.url = company.url
        self.cookie = ""
        credentials = {"login": "reviewer", "password": company.password}
        self.ask("POST", "/api/v1/session", credentials)

    def ask(self, method: str, path: str, body=None):
        headers = {"content-type": "application/json", "cookie": self.cookie}
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            self.cookie = (answer.headers.get("set-cookie") or self.cookie).split(";")[0]
            return json.loads(answer.read() or b"null")

    def decide(self, record, state: str, reason: str):
        """Decides about a record as it stands now."""
        lines = self.ask("GET", "/api/v1/records?limit=200")["items"]
        heads = next(line["heads"] for line in lines if line["id"] == str(record))
        self.ask("POST", f"/api/v1/records/{record}/review", {"state": state, "reason": reason, "seen": heads})


def fresh_folder() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="daybook-")
