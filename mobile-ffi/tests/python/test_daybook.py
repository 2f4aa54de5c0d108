"""The Python face against a real server. Run by `cargo xtask bindings test python`, which sets DAYBOOK_BIN."""

import asyncio
import os
import signal
import subprocess
import sys
import time
import unittest
import urllib.request
import uuid
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import daybook
from daybook import DaybookError, LeadEdit, OpenProblem, RowFilter, Step, SyncProblem

from house import Company, Desk, fresh_folder
from phone import FileKeystore, Heard, lead, open_phone

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


class FirstHour(Case):
    def test_a_day_offline_survives_being_killed_and_is_sent_once(self):
        folder = self.folder()
        open_phone(folder, self.company.url).enrol(self.company.code(), "Python")
        saver = [sys.executable, Path(__file__).with_name("save_and_die.py"), folder, "http://127.0.0.1:9"]
        ended = subprocess.run(saver, capture_output=True, timeout=60)
        self.assertEqual(ended.returncode, -signal.SIGKILL, ended.stderr.decode())
        saved = set(ended.stdout.decode().split())
        self.assertEqual(len(saved), 20)

        phone = open_phone(folder, self.company.url)
        listed = phone.leads().list(RowFilter(), 50).items
        self.assertEqual({str(line.id) for line in listed}, saved)
        self.assertEqual({line.status.step for line in listed}, {Step.SAVED})
        self.assertEqual(phone.sync_status().unsent_records, 20)
        self.assertEqual(phone.sync().pushed, 20)
        for line in listed:
            self.publish(phone, line.id)
        self.assertEqual(phone.sync_status().unsent_records, 0)
        self.assertEqual(phone.receipt(listed[0].id).changes, 1)
        seen = Desk(self.company).ask("GET", "/api/v1/records?limit=200")["items"]
        mine = [line["id"] for line in seen if line["id"] in saved]
        self.assertEqual(sorted(mine), sorted(saved))

    def test_enrolment_says_what_is_wrong(self):
        phone = open_phone(self.folder(), self.company.url)
        self.assertIsNone(phone.profile())
        with self.assertRaises(DaybookError.NotEnrolled):
            phone.leads().create(lead("张伟"))
        with self.assertRaises(DaybookError.Sync) as refused:
            phone.enrol("WRONG-CODE", "Python")
        self.assertEqual(refused.exception.problem, SyncProblem.ENROLMENT_CODE())
        self.assertFalse(refused.exception.retryable)
        phone.enrol(self.company.code(), "Python")
        self.assertEqual(phone.profile().name, "promoter")
        with self.assertRaises(DaybookError.InvalidInput):
            phone.enrol(self.company.code(), "Python")

    def test_values_come_back_as_they_went(self):
        phone = self.enrolled()
        project = uuid.uuid4()
        place = daybook.Position.FIX(lat=30.65, lon=104.06, accuracy_m=12.0, datum=daybook.Datum.GCJ02, mock=False)
        facts = daybook.LeadFacts(
            name="张伟", gender=daybook.Gender.MALE(), budget=Decimal("1250000.50"), phones={"133 1234 3333": "本人"},
            consent=True, consent_at=datetime(2026, 3, 1, 9, 30, tzinfo=timezone.utc),
            channel_source=daybook.ChannelSource.OTHER("drone"), notes="第一次见面")
        made = phone.leads().create(daybook.LeadRequest(project=project, place=place, facts=facts))
        read = phone.leads().get(made.record.id)
        self.assertEqual(read.facts.phones, {"+8613312343333": "本人"})
        facts.phones = read.facts.phones
        self.assertEqual(read.facts, facts)
        self.assertEqual(read.record.project, project)
        self.assertEqual(read.record.place, place)
        added = phone.leads().add_follow_up(
            made.record.id, daybook.FollowUpRequest(text="called", next_on=date(2026, 3, 9)))
        self.assertEqual(added.record.follow_ups[0].next_on, "2026-03-09")
        staged = phone.leads().add_stage(made.record.id, daybook.StageRequest(stage=daybook.Stage.ARRIVED()))
        self.assertEqual(staged.record.stage, daybook.Stage.ARRIVED())
        visit = phone.visits().create(daybook.VisitRequest(facts=daybook.VisitFacts(outlet="锦江花园")))
        survey = phone.surveys().create(daybook.SurveyRequest(
            facts=daybook.SurveyFacts(form="q1", answers={"age": daybook.Answer.INT(41)})))
        self.assertEqual(phone.list(RowFilter(), 10).items[0].id, survey.record.id)
        self.assertTrue(phone.record(visit.record.id).is_VISIT())
        found = phone.leads().list(RowFilter(text="3333"), 10).items
        self.assertEqual([line.id for line in found], [made.record.id])

    def test_what_a_person_typed_wrong_is_named_and_not_repeated(self):
        phone = self.enrolled()
        with self.assertRaises(DaybookError.InvalidInput) as typed:
            phone.leads().create(lead("张伟", phones={"not-a-number-777": ""}))
        self.assertIn("PhoneNumber", typed.exception.field)
        self.assertNotIn("777", str(typed.exception))
        nowhere = daybook.Position.FIX(lat=230.0, lon=0.0, accuracy_m=None, datum=daybook.Datum.WGS84, mock=False)
        with self.assertRaises(DaybookError.InvalidInput):
            phone.leads().create(daybook.LeadRequest(place=nowhere, facts=daybook.LeadFacts()))
        with self.assertRaises(DaybookError.InvalidInput) as long:
            phone.leads().create(lead("x" * 20_000))
        self.assertEqual(long.exception.field, "name")
        with self.assertRaises(DaybookError.NotFound):
            phone.leads().get(uuid.uuid4())
        self.assertEqual(phone.leads().count(RowFilter()), 0)


class Together(Case):
    def test_two_phones_meet_in_a_conflict_and_part_with_one_value(self):
        mine, other = self.enrolled(), self.enrolled()
        record = mine.leads().create(lead("张伟")).record.id
        self.publish(mine, record)
        self.sync_until(other, lambda: other.leads().count(RowFilter()) > 0)
        mine.leads().edit(record, [LeadEdit.BUDGET(Decimal(900_000))])
        other.leads().edit(record, [LeadEdit.BUDGET(Decimal(1_100_000))])
        self.publish(mine, record)
        self.publish(other, record)
        self.sync_until(mine, lambda: mine.leads().get(record).record.conflicts)
        (conflict,) = mine.leads().get(record).record.conflicts
        self.assertEqual(conflict.field, "budget")
        self.assertEqual(sorted(value.value[0] for value in conflict.values), ["1100000", "900000"])
        self.assertEqual([value.shown for value in conflict.values], [False, True])
        self.assertEqual({mine.author(value.author).name for value in conflict.values}, {"promoter"})
        self.assertEqual(mine.leads().list(RowFilter(in_conflict=True), 9).items[0].conflicts, 1)
        settled = mine.leads().edit(record, [LeadEdit.BUDGET(Decimal(1_000_000))])
        self.assertEqual(settled.record.conflicts, [])
        self.publish(mine, record)
        self.sync_until(other, lambda: not other.leads().get(record).record.conflicts)
        self.assertEqual(other.leads().get(record).facts.budget, Decimal(1_000_000))

    def test_a_verdict_comes_back_with_its_reason(self):
        phone, heard = self.enrolled(), Heard()
        subscription = phone.listen_to_records(heard)
        record = phone.leads().create(lead("李娜")).record.id
        self.publish(phone, record)
        Desk(self.company).decide(record, "returned", "请核实预算")
        self.sync_until(phone, lambda: phone.status(record).step == Step.REVIEWED)
        review = phone.leads().get(record).record.review
        self.assertEqual((review.state, review.reason), (daybook.ReviewState.RETURNED, "请核实预算"))
        heard.wait_for(lambda: record in heard.records)
        subscription.stop()
        phone.leads().edit(record, [LeadEdit.BUDGET(Decimal(5))])
        self.assertEqual(phone.status(record).step, Step.SAVED, "an old verdict does not cover a new edit")

    def test_listeners_hear_of_the_run_and_may_call_back(self):
        phone, heard = self.enrolled(), Heard()

        class Nosy(daybook.RecordListener):
            def on_records_changed(self, records):
                heard.on_records_changed([phone.leads().get(record).record.id for record in records])
                raise ValueError("a listener that fails is served all the same")

        phone.subscriptions = [
            phone.listen_to_sync(heard), phone.listen_to_status(heard), phone.listen_to_records(Nosy())]
        records = [phone.leads().create(lead(f"王{n}")).record.id for n in range(3)]
        heard.wait_for(lambda: heard.statuses and heard.statuses[-1].unsent_records == 3)
        phone.sync()
        heard.wait_for(lambda: heard.progress and heard.progress[-1].finished)
        self.assertEqual(heard.progress[-1].unsent_changes, 0)
        heard.wait_for(lambda: heard.statuses[-1].unsent_records == 0 and heard.statuses[-1].last_exchange)
        heard.wait_for(lambda: set(records) <= heard.records)


class Photos(Case):
    def test_a_photo_goes_up_in_pieces_when_the_network_may_be_used(self):
        phone = self.enrolled()
        record = phone.leads().create(lead("张伟")).record.id
        bytes_ = b"\xff\xd8\xff\xe0" + os.urandom(3_000_000)
        photo = phone.attach_photo_bytes(record, bytes_, "门口")
        self.assertTrue(phone.photo_status(photo).is_QUEUED())
        self.assertEqual(Path(phone.photo_file(photo)).read_bytes(), bytes_)
        metered = daybook.PhotoPolicy(network=daybook.Network.METERED, on_metered=daybook.OnMetered.NOTHING())
        passed = phone.sync_once(timedelta(seconds=60), metered)
        self.assertTrue(passed.ended.is_DONE(), passed.ended)
        self.assertEqual((passed.records.pushed, passed.photos.waiting), (2, 1))
        self.assertTrue(phone.photo_status(photo).is_WAITING_FOR_NETWORK())
        short = phone.sync_once(timedelta(seconds=1), metered)
        self.assertTrue(short.ended.is_OUT_OF_TIME(), short.ended)
        free = daybook.PhotoPolicy(network=daybook.Network.UNMETERED, on_metered=daybook.OnMetered.NOTHING())
        passed = phone.sync_once(timedelta(seconds=60), free)
        self.assertEqual(passed.photos.uploaded, 1, passed.photos)
        self.assertTrue(phone.photo_status(photo).is_UPLOADED())
        self.assertEqual(phone.leads().get(record).record.photos[0].hash, photo)
        again = phone.sync_once(timedelta(seconds=60), free)
        self.assertTrue(again.ended.is_NOT_DUE(), again.ended)
        self.assertGreater(again.call_again_after, timedelta(seconds=1))


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


class Lent(Case):
    """What an app may bring itself."""

    def test_the_apps_own_http_stack_and_clock(self):
        sent = []

        class Stack(daybook.Transport):
            def send(stack, request, patience):
                sent.append(request.path)
                url = self.company.url + request.path
                asked = urllib.request.Request(url, request.body or None, request.headers, method=request.method)
                try:
                    answer = urllib.request.urlopen(asked, timeout=patience.total_seconds())
                except urllib.error.HTTPError as refused:
                    answer = refused
                except OSError:
                    raise daybook.TransportError.Offline()
                with answer:
                    return daybook.HttpResponse(
                        status=answer.status, headers=dict(answer.headers.items()), body=answer.read())

        class Sundial(daybook.Clock):
            def now(self):
                moment = datetime.fromtimestamp(1_790_000_000, timezone.utc)
                return daybook.ClockReading(wall=moment, mono_ms=int(time.monotonic() * 1_000), boot=7)

            def utc_offset_minutes(self):
                return 480

        phone = self.enrolled(transport=Stack(), clock=Sundial())
        made = phone.leads().create(lead("赵敏"))
        self.assertEqual(made.record.captured_at.timestamp(), 1_790_000_000)
        self.assertEqual(made.record.day, date(2026, 9, 21))
        self.publish(phone, made.record.id)
        self.assertEqual(sent[0], "/sync/v1/enrol")
        self.assertIn("/sync/v1/exchange", sent)

    def test_the_network_is_gone(self):
        phone = self.enrolled()
        away = open_phone(self.folder(), "http://127.0.0.1:9")
        with self.assertRaises(DaybookError.Sync) as offline:
            away.enrol("7F3K-9QPA", "Python")
        self.assertEqual(offline.exception.problem, SyncProblem.OFFLINE())
        self.assertTrue(offline.exception.retryable)
        with self.assertRaises(DaybookError.InvalidInput):
            open_phone(self.folder(), "not an address")
        self.assertIsNone(phone.sync_status().problem)


class OnTheScreensThread(Case):
    def test_screens_wait_without_blocking(self):
        async def day():
            phone = open_phone(self.folder(), self.company.url)
            await phone.enrol_async(self.company.code(), "Python")
            made = await asyncio.gather(*(phone.leads().create_async(lead(f"陈{n}")) for n in range(8)))
            await phone.leads().edit_async(made[0].record.id, [LeadEdit.INTENT_AREA("锦江区")])
            report = await phone.sync_async()
            page = await phone.leads().list_async(RowFilter(), 5)
            read = await phone.leads().get_async(made[0].record.id)
            return report.pushed, len(page.items), page.next is not None, read.facts.intent_area

        self.assertEqual(asyncio.run(day()), (9, 5, True, "锦江区"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
