"""Photos against a real server. Run by `cargo xtask bindings test python`."""

import os
import signal
import subprocess
import sys
import unittest
from datetime import timedelta
from pathlib import Path

import daybook

from case import Case
from phone import LaterClock, Line, lead, open_phone

METERED = daybook.PhotoPolicy(network=daybook.Network.METERED, on_metered=daybook.OnMetered.NOTHING())
FREE = daybook.PhotoPolicy(network=daybook.Network.UNMETERED, on_metered=daybook.OnMetered.NOTHING())


class Photos(Case):
    def test_a_photo_goes_up_in_pieces_when_the_network_may_be_used(self):
        phone = self.enrolled()
        record = phone.leads().create(lead("张伟")).record.id
        bytes_ = b"\xff\xd8\xff\xe0" + os.urandom(3_000_000)
        photo = phone.attach_photo_bytes(record, bytes_, "门口")
        self.assertTrue(phone.photo_status(photo).is_QUEUED())
        self.assertEqual(Path(phone.photo_file(photo)).read_bytes(), bytes_)
        passed = phone.sync_once(timedelta(seconds=60), METERED)
        self.assertTrue(passed.ended.is_DONE(), passed.ended)
        self.assertEqual((passed.records.pushed, passed.photos.waiting), (2, 1))
        self.assertTrue(phone.photo_status(photo).is_WAITING_FOR_NETWORK())
        short = phone.sync_once(timedelta(seconds=1), METERED)
        self.assertTrue(short.ended.is_OUT_OF_TIME(), short.ended)
        passed = phone.sync_once(timedelta(seconds=60), FREE)
        self.assertEqual(passed.photos.uploaded, 1, passed.photos)
        self.assertTrue(phone.photo_status(photo).is_UPLOADED())
        self.assertEqual(phone.leads().get(record).record.photos[0].hash, photo)
        again = phone.sync_once(timedelta(seconds=60), FREE)
        self.assertTrue(again.ended.is_NOT_DUE(), again.ended)
        self.assertGreater(again.call_again_after, timedelta(seconds=1))

    def test_an_upload_that_was_killed_goes_on_days_later_where_it_stopped(self):
        folder = self.folder()
        open_phone(folder, self.company.url).enrol(self.company.code(), "Python")
        sender = [sys.executable, Path(__file__).with_name("upload_and_die.py"), folder, self.company.url]
        ended = subprocess.run(sender, capture_output=True, timeout=60)
        self.assertEqual(ended.returncode, -signal.SIGKILL, ended.stderr.decode())
        record, photo, bytes_, taken = ended.stdout.decode().split()

        line = Line(self.company.url)
        phone = open_phone(folder, self.company.url, transport=line, clock=LaterClock(days=3))
        kept = phone.photo_status(photo)
        self.assertTrue(kept.is_UPLOADING(), kept)
        self.assertLess(kept.sent, int(taken), "the last piece was not yet known to have arrived")
        passed = phone.sync_once(timedelta(seconds=60), FREE)
        self.assertEqual((passed.photos.uploaded, passed.photos.left), (1, 0), passed)
        self.assertTrue(phone.photo_status(photo).is_UPLOADED())
        self.assertEqual([request.method for request in line.photos()][0], "HEAD", "the server is asked where it stands")
        self.assertEqual(sum(len(request.body) for request in line.photos()), int(bytes_) - int(taken))
        self.publish(phone, record)
        self.assertEqual([named.hash for named in phone.leads().get(record).record.photos], [photo])


if __name__ == "__main__":
    unittest.main(verbosity=2)
