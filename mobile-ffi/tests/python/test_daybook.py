"""The Python face against a real server. Run by `cargo xtask bindings test python`, which sets DAYBOOK_BIN."""

import asyncio
import signal
import subprocess
import sys
import time
import unittest
import uuid
from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path

import daybook
from daybook import DaybookError, LeadEdit, RowFilter, Step, SyncProblem

from case import Case
from house import Desk
from phone import Heard, Line, lead, open_phone


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
        self.assertEqual(added.record.follow_ups[0].next_on, date(2026, 3, 9))
        staged = phone.leads().add_stage(made.record.id, daybook.StageRequest(stage=daybook.Stage.ARRIVED(), amount=Decimal("20000.00")))
        self.assertEqual(staged.record.stage, daybook.Stage.ARRIVED())
        self.assertEqual(staged.record.stages[0].amount, Decimal("20000.00"))
        arrived = RowFilter(stage=daybook.Stage.ARRIVED())
        self.assertEqual([line.id for line in phone.leads().list(arrived, 10).items], [made.record.id])
        self.assertEqual(phone.leads().count(RowFilter(stage=daybook.Stage.PAID())), 0)
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


class Lent(Case):
    """What an app may bring itself."""

    def test_the_apps_own_http_stack_and_clock(self):
        class Sundial(daybook.Clock):
            def now(self):
                moment = datetime.fromtimestamp(1_790_000_000, timezone.utc)
                return daybook.ClockReading(wall=moment, mono_ms=int(time.monotonic() * 1_000), boot=7)

            def utc_offset_minutes(self):
                return 480

        line = Line(self.company.url)
        phone = self.enrolled(transport=line, clock=Sundial())
        made = phone.leads().create(lead("赵敏"))
        self.assertEqual(made.record.captured_at.timestamp(), 1_790_000_000)
        self.assertEqual(made.record.day, date(2026, 9, 21))
        self.publish(phone, made.record.id)
        self.assertEqual(line.asked[0].path, "/sync/v1/enrol")
        self.assertIn("/sync/v1/exchange", [request.path for request in line.asked])

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
