"""What all tests stand on: a company with a real server, and phones that are enrolled there."""

import unittest
import uuid
from pathlib import Path

from daybook import Step

from house import Company, fresh_folder
from phone import open_phone

SYNCS = 50


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = fresh_folder()
        cls.addClassCleanup(cls.root.cleanup)
        cls.company = Company(Path(cls.root.name))
        cls.addClassCleanup(cls.company.stop)

    def folder(self) -> Path:
        folder = Path(self.root.name) / uuid.uuid4().hex
        folder.mkdir()
        return folder

    def enrolled(self, **lent):
        phone = open_phone(self.folder(), self.company.url, **lent)
        phone.enrol(self.company.code(), "Python")
        return phone

    def sync_until(self, phone, true):
        """Syncs as a person would who waits for something; the server answers when it has news."""
        for _ in range(SYNCS):
            phone.sync()
            if true():
                return
        self.fail("it did not happen")

    def publish(self, phone, record):
        self.sync_until(phone, lambda: phone.status(record).step.value >= Step.PUBLISHED.value)
