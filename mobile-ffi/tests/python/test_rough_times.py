"""What phones go through, against a real server. Run by `cargo xtask bindings test python`."""

import os
import shutil
import unittest
import uuid
from decimal import Decimal
from pathlib import Path

import daybook
from daybook import DaybookError, LeadEdit, OpenProblem, RowFilter, Step

from case import Case
from house import Desk
from phone import FileKeystore, lead, open_phone


class AtRest(Case):
    def test_the_file_says_nothing_without_its_key(self):
        folder = self.folder()
        phone = open_phone(folder, self.company.url)
        phone.enrol(self.company.code(), "Python")
        phone.leads().create(lead("Zhang Weiming", notes="secret of the garden"))
        with self.assertRaises(DaybookError.NotOpened) as second:
            open_phone(folder, self.company.url)
        self.assertEqual(second.exception.why, OpenProblem.IN_USE)
        del phone
        everything = b"".join(file.read_bytes() for file in folder.iterdir())
        self.assertNotIn(b"garden", everything)
        self.assertNotIn(b"CREATE TABLE", everything)

        keystore = Path(str(folder) + "-keystore")
        keystore.rename(str(keystore) + "-away")
        before = (folder / "daybook.db").read_bytes()
        for _ in range(2):
            with self.assertRaises(DaybookError.NotOpened) as lost:
                open_phone(folder, self.company.url)
            self.assertEqual(lost.exception.why, OpenProblem.KEY_LOST)
        FileKeystore(keystore).save("daybook.store-key", bytes(32))
        with self.assertRaises(DaybookError.NotOpened) as other:
            open_phone(folder, self.company.url)
        self.assertEqual(other.exception.why, OpenProblem.KEY_LOST)
        self.assertEqual((folder / "daybook.db").read_bytes(), before)
        for file in keystore.iterdir():
            file.unlink()
        keystore.rmdir()
        Path(str(keystore) + "-away").rename(keystore)
        phone = open_phone(folder, self.company.url)
        self.assertEqual(phone.leads().list(RowFilter(), 9).items[0].title, "Zhang Weiming")

        old = (keystore / "daybook.store-key").read_bytes()
        phone.rotate_key()
        phone.leads().create(lead("after the rotation"))
        del phone
        new = (keystore / "daybook.store-key").read_bytes()
        self.assertNotEqual(old, new)
        phone = open_phone(folder, self.company.url)
        self.assertEqual(phone.leads().count(RowFilter()), 2)

    def test_a_keystore_that_fails_is_not_an_empty_one(self):
        class Locked(daybook.SecureStore):
            def load(self, name):
                raise daybook.SecureStoreError.Unavailable()

            def save(self, name, secret):
                raise RuntimeError("not even an error of ours")

            def remove(self, name):
                raise RuntimeError("not even an error of ours")

        path = str(self.folder() / "daybook.db")
        with self.assertRaises(DaybookError.NotOpened) as locked:
            daybook.Daybook.open(daybook.Config(path=path, server=self.company.url, app="python/1.0"), Locked())
        self.assertEqual(locked.exception.why, OpenProblem.KEYSTORE)
        self.assertFalse(os.path.exists(path))


class Restored(Case):
    def test_a_backup_on_another_phone_needs_that_phones_key_and_then_writes_as_somebody_else(self):
        folder = self.folder()
        phone = open_phone(folder, self.company.url)
        phone.enrol(self.company.code(), "Python")
        record = phone.leads().create(lead("before the backup")).record.id
        self.publish(phone, record)
        unsent = phone.leads().create(lead("unsent in the backup")).record.id
        del phone
        other = folder.with_name(folder.name + "-restored")
        shutil.copytree(folder, other)
        with self.assertRaises(DaybookError.NotOpened) as without:
            open_phone(other, self.company.url)
        self.assertEqual(without.exception.why, OpenProblem.KEY_LOST)

        # A careless keystore: the key has travelled, what tells the installations apart has not.
        keystore = Path(str(folder) + "-keystore")
        shutil.copytree(keystore, str(other) + "-keystore", dirs_exist_ok=True)
        (Path(str(other) + "-keystore") / "daybook.installation").unlink()
        phones = [open_phone(folder, self.company.url), open_phone(other, self.company.url)]
        made = [phone.leads().create(lead(f"phone {n}")).record for n, phone in enumerate(phones)]
        own = [phone.leads().add_follow_up(record, daybook.FollowUpRequest(text="called")) for phone in phones]
        authors = {entry.author for view in own for entry in view.record.follow_ups}
        self.assertEqual(len(authors), 2, "two phones never write as one")
        for phone in phones:
            self.enrol_again_if_asked(phone)
        for phone, made_here in zip(phones, made):
            self.publish(phone, made_here.id)
        self.publish(phones[0], unsent)
        for phone in phones:
            self.sync_until(phone, lambda: len(phone.leads().get(record).record.follow_ups) == 2)
        lines = [line["id"] for line in Desk(self.company).ask("GET", "/api/v1/records?limit=200")["items"]]
        for id in [record, unsent, *(record.id for record in made)]:
            self.assertEqual(lines.count(str(id)), 1)

    def enrol_again_if_asked(self, phone):
        try:
            phone.sync()
        except DaybookError.Sync as asked:
            self.assertEqual(asked.problem, daybook.SyncProblem.UNKNOWN_DEVICE())
            phone.enrol(self.company.code(), "Python")


class Damaged(Case):
    PAGE = 4_096

    def worn(self):
        """A closed phone with forty records that the server has and ten that it has not."""
        folder = self.folder()
        phone = open_phone(folder, self.company.url)
        phone.enrol(self.company.code(), "Python")
        self.assertIsNone(phone.damage())
        notes = "想看三居室，周末有空。" * 20
        sent = [phone.leads().create(lead(f"sent {n}", notes=notes)).record.id for n in range(40)]
        for record in sent:
            self.publish(phone, record)
        unsent = [phone.leads().create(lead(f"unsent {n}", notes=notes)).record.id for n in range(10)]
        edits = [LeadEdit.BUDGET(Decimal(700_000))]
        phone.leads().edit(sent[0], edits)
        return folder, sent, unsent

    def spoil(self, folder, pages):
        store = folder / "daybook.db"
        bytes_ = bytearray(store.read_bytes())
        for page in pages(len(bytes_) // self.PAGE):
            bytes_[page * self.PAGE + 777] ^= 1
        store.write_bytes(bytes_)

    def there(self, phone, record):
        try:
            return phone.status(record).step.value >= Step.PUBLISHED.value and phone.leads().get(record) is not None
        except DaybookError.NotFound:
            return False

    def test_what_the_server_has_comes_back_and_the_rest_is_sent_or_named(self):
        spoilings = [lambda pages: [0], lambda pages: range(1, pages, 4), lambda pages: range(3, pages, 2)]
        for number, spoiling in enumerate(spoilings):
            with self.subTest(number):
                folder, sent, unsent = self.worn()
                self.spoil(folder, spoiling)
                phone = open_phone(folder, self.company.url)
                damage = phone.damage()
                self.assertGreater(damage.unreadable_pages, 0)
                self.assertTrue((folder / "daybook.db.damaged-1").exists())
                if damage.enrolment_lost:
                    phone.enrol(self.company.code(), "Python")
                lost = {save.record for save in damage.lost}
                self.assertEqual(damage.rescued + len(damage.lost), len(unsent) + 1, damage)
                kept = [record for record in unsent if record not in lost]
                self.sync_until(phone, lambda: all(self.there(phone, record) for record in sent + kept))
                if sent[0] not in lost:
                    self.assertEqual(phone.leads().get(sent[0]).facts.budget, Decimal(700_000))
                for n, record in enumerate(sent):
                    self.assertEqual(phone.leads().get(record).facts.name, f"sent {n}")
                phone.forget_damage()
                self.assertIsNone(phone.damage())
                seen, after = [], ""
                desk = Desk(self.company)
                while after is not None:
                    page = desk.ask("GET", f"/api/v1/records?limit=200{after}")
                    seen += [uuid.UUID(line["id"]) for line in page["items"]]
                    after = f"&after={page['next']}" if page.get("next") else None
                for record in sent + kept:
                    self.assertEqual(seen.count(record), 1)


class Discreet(Case):
    """Errors may be logged, so they say nothing about anybody."""

    NAME, NUMBER, DEGREES = "欧阳娜娜", "13398765432", 98.7654321

    def test_no_error_repeats_what_it_was_given(self):
        phone = self.enrolled()
        known = phone.leads().create(lead("x")).record.id
        told = f"{self.NAME} {self.NUMBER} {self.DEGREES}"
        long = told * 1_000
        leads, nowhere = phone.leads(), Path(self.root.name) / "nowhere" / self.NAME
        faulty = {
            "a number": lambda: leads.create(lead("x", phones={told: "home"})),
            "whose number": lambda: leads.create(lead("x", phones={self.NUMBER: long})),
            "a place": lambda: leads.create(daybook.LeadRequest(
                place=daybook.Position.FIX(
                    lat=self.DEGREES, lon=self.DEGREES, accuracy_m=None, datum=daybook.Datum.WGS84, mock=False),
                facts=daybook.LeadFacts(name=self.NAME))),
            "a follow-up": lambda: leads.add_follow_up(known, daybook.FollowUpRequest(text=long)),
            "a stage": lambda: leads.add_stage(
                known, daybook.StageRequest(stage=daybook.Stage.LOST(), reason=long)),
            "a question": lambda: self.survey(phone, answers={long: daybook.Answer.INT(1)}),
            "an answer": lambda: self.survey(phone, answers={"name": daybook.Answer.TEXT(long)}),
            "a photo": lambda: phone.attach_photo(known, str(nowhere)),
            "a caption": lambda: phone.attach_photo_bytes(known, b"\xff\xd8\xff\xe0", long),
            "another kind": lambda: phone.visits().get(known),
            "a store": lambda: open_phone(nowhere, self.company.url),
            "a code": lambda: open_phone(self.folder(), self.company.url).enrol(told, told),
        }
        forms = [
            (daybook.LeadFacts, daybook.LeadRequest, leads), (daybook.VisitFacts, daybook.VisitRequest, phone.visits()),
            (daybook.SurveyFacts, daybook.SurveyRequest, phone.surveys())]
        for facts, request, lane in forms:
            empty = facts() if facts is not daybook.SurveyFacts else facts(form="q1")
            for field, value in vars(empty).items():
                if isinstance(value, str) or facts.__init__.__annotations__[field] == "typing.Optional[str]":
                    faulty[f"{facts.__name__}.{field}"] = (
                        lambda facts=facts, request=request, lane=lane, field=field:
                        lane.create(request(facts=facts(**{field: long}))))
        self.assertGreater(len(faulty), 25)
        for name, call in faulty.items():
            with self.subTest(name):
                with self.assertRaises(DaybookError) as refused:
                    call()
                said = f"{refused.exception!s} {refused.exception!r} {vars(refused.exception)}"
                for secret in (self.NAME, self.NUMBER, str(self.DEGREES), "98.76"):
                    self.assertNotIn(secret, said)
        self.assertEqual(phone.list(RowFilter(), 9).items[0].id, known)

    def survey(self, phone, **facts):
        return phone.surveys().create(daybook.SurveyRequest(facts=daybook.SurveyFacts(form="q1", **facts)))


if __name__ == "__main__":
    unittest.main(verbosity=2)
