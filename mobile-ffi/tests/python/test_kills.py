"""A phone whose process is killed at random moments: while it opens, saves, syncs, sends photos and changes its key.

CI kills it 25 times; `DAYBOOK_KILLS=500` as often as the bar says. The seed is printed.
"""

import hashlib
import os
import random
import subprocess
import sys
import threading
import time
import unittest
import uuid
from collections import Counter
from decimal import Decimal
from pathlib import Path

import daybook
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
            names, budgets, photos = {}, {}, set()
            died = Counter(
                self.work_and_die(folder, company.url, f"{SEED}.{run}", chance.uniform(0, 0.3), names, budgets, photos)
                for run in range(KILLS))
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
            self.assertIsNone(phone.damage(), "damaged")
            for id, budget in budgets.items():
                self.assertGreaterEqual(phone.leads().get(id).facts.budget, budget)
            named = Counter((id, photo.hash) for id in here for photo in phone.leads().get(id).record.photos)
            self.assertLessEqual(photos, set(named), "a photo is lost")
            self.assertLessEqual(len(named) - len(photos), KILLS)
            self.assertEqual(set(named.values()) | {1}, {1}, "a photo is doubled")
            for _, photo in named:
                self.assertEqual(hashlib.sha256(Path(phone.photo_file(photo)).read_bytes()).hexdigest(), photo)
            free = daybook.PhotoPolicy(network=daybook.Network.UNMETERED, on_metered=daybook.OnMetered.NOTHING())
            self.assertEqual(phone.sync_photos(free).left, 0)
            for _, photo in named:
                self.assertTrue(phone.photo_status(photo).is_UPLOADED())
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
            print(f"{len(names)} records and {len(photos)} photos said to be saved, {len(here)} and {len(named)} there; "
                  f"killed {dict(died)}", flush=True)

    def work_and_die(self, folder, url, run, after_s, names, budgets, photos):
        """Says in the middle of what it died."""
        line = [sys.executable, Path(__file__).with_name("work_until_killed.py"), folder, url, run]
        worker = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        with worker:
            self.assertEqual(worker.stdout.readline(), "opening\n")
            timer = threading.Timer(after_s, worker.kill)
            timer.start()
            was = "while it opened"
            # What it says after the last whole line it did not say.
            for word, id, value in (said.split() for said in worker.stdout if said.endswith("\n")):
                was = "while it worked"
                if word == "saved":
                    names[uuid.UUID(id)] = value
                elif word == "edited":
                    budgets[uuid.UUID(id)] = Decimal(value)
                else:
                    photos.add((uuid.UUID(id), value))
            timer.join()
            worker.wait(60)
            self.assertEqual(worker.returncode, -9, worker.stderr.read())
        return was


if __name__ == "__main__":
    unittest.main(verbosity=2)
