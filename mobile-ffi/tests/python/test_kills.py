"""A phone whose process is killed at random moments: while it saves, syncs and changes its key.

CI kills it 25 times; `DAYBOOK_KILLS=500` as often as the bar says. The seed is printed.
"""

import os
import random
import subprocess
import sys
import threading
import time
import unittest
import uuid
from decimal import Decimal
from pathlib import Path

from daybook import RowFilter, Step

from house import Company, Desk, fresh_folder
from phone import open_phone

KILLS = int(os.environ.get("DAYBOOK_KILLS", "25"))
SEED = int(os.environ.get("DAYBOOK_SEED", time.time_ns() % 1_000_000))


class Kills(unittest.TestCase):
    def test_nothing_that_was_saved_is_lost_or_doubled(self):
        print(f"seed {SEED}, {KILLS} kills", flush=True)
        chance = random.Random(SEED)
        with fresh_folder() as root:
            company = Company(Path(root))
            self.addCleanup(company.stop)
            folder = Path(root) / "phone"
            folder.mkdir()
            open_phone(folder, company.url).enrol(company.code(), "Python")
            names, budgets = {}, {}
            for run in range(KILLS):
                self.work_and_die(folder, company.url, run, chance.uniform(0, 0.25), names, budgets)
            phone = open_phone(folder, company.url)
            here, after = {}, None
            while True:
                page = phone.leads().list(RowFilter(), 500, after)
                here |= {line.id: line.title for line in page.items}
                after = page.next
                if after is None:
                    break
            lost = {id for id in names if here.get(id) != names[id]}
            self.assertEqual(lost, set(), "lost")
            self.assertLessEqual(len(here) - len(names), KILLS, "at most the one that was being saved at each kill")
            self.assertEqual(len(set(here.values())), len(here), "doubled")
            for id, budget in budgets.items():
                self.assertGreaterEqual(phone.leads().get(id).facts.budget, budget)
            for _ in range(200):
                phone.sync()
                if phone.sync_status().unsent_records == 0 and all(
                        phone.status(id).step.value >= Step.PUBLISHED.value for id in here):
                    break
            else:
                self.fail("it never became published")
            # No list of the server's names a record twice, or misses one.
            desk, there, after = Desk(company), [], ""
            while after is not None:
                page = desk.ask("GET", f"/api/v1/records?limit=200{after}")
                there += [uuid.UUID(line["id"]) for line in page["items"]]
                after = f"&after={page['next']}" if page.get("next") else None
            self.assertEqual(sorted(there), sorted(here))
            print(f"{len(names)} records said to be saved, {len(here)} there", flush=True)

    def work_and_die(self, folder, url, run, after_s, names, budgets):
        line = [sys.executable, Path(__file__).with_name("work_until_killed.py"), folder, url, str(run)]
        worker = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual(worker.stdout.readline(), "open\n", worker.poll() is not None and worker.stderr.read())
        threading.Timer(after_s, worker.kill).start()
        # What it says after the last whole line it did not say.
        for word, id, value in (said.split() for said in worker.stdout if said.endswith("\n")):
            if word == "saved":
                names[uuid.UUID(id)] = value
            else:
                budgets[uuid.UUID(id)] = Decimal(value)
        worker.wait(60)
        self.assertEqual(worker.returncode, -9, worker.stderr.read())
        worker.stdout.close()
        worker.stderr.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
