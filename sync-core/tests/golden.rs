//! The bytes of messages, journals and documents. A difference here means that phones in the field and the server
//! no longer understand each other: add a version instead of updating the file.
#![expect(clippy::unwrap_used, reason = "a golden file that does not read is a failed test")]

use jiff::civil::date;
use sync_core::digest::{BucketSum, RecordLeaf, Short, Sum};
use sync_core::document::{Document, NewRecord};
use sync_core::id::{
    ActorId, ChangeHash, DeviceId, EntryId, OfficeId, OrganisationId, PersonId, PhotoHash, ProjectId, PublicKey,
    RecordId, Signature, TeamId,
};
use sync_core::journal::{Head, Key};
use sync_core::record::Kind;
use sync_core::record::entry::{FollowUp, PhotoEntry, Stage, StageEntry};
use sync_core::record::header::Header;
use sync_core::record::lead::{LeadEdit, LeadFacts};
use sync_core::record::survey::{Answer, SurveyFacts};
use sync_core::record::visit::{VisitFacts, VisitKind};
use sync_core::time::{BootId, ClockReading, UnixMillis};
use sync_core::wire::cursor::{Beginning, Cursor};
use sync_core::wire::digest::{Comparison, Offer, OfferedChange, OfferedLine, Question};
use sync_core::wire::enrol::{
    EnrolRequest, EnrolResponse, Profile, Project, ReidentifyRequest, Role, TokenRequest, TokenResponse,
};
use sync_core::wire::exchange::{
    Author, Backlog, Baseline, ExchangeRequest, ExchangeResponse, GoneReason, ItemVerdict, News, Order, PullItem,
    PullLimits, Reminder, Verdict,
};
use sync_core::wire::photo::{PhotoState, PhotoStateRequest, PhotoStateResponse};
use sync_core::wire::segment::{Item, Segment};

fn hex(bytes: &[u8]) -> String {
    let lines: Vec<String> =
        bytes.chunks(32).map(|line| line.iter().map(|byte| format!("{byte:02x}")).collect()).collect();
    lines.join("\n")
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// Compares a message with its golden bytes and makes sure that those still read as the message.
macro_rules! golden {
    ($name:literal, $message:expr) => {{
        let message = $message;
        let bytes = minicbor::to_vec(&message).unwrap();
        let expected = unhex(include_str!(concat!("golden/wire/", $name, ".hex")));
        assert_eq!(hex(&bytes), hex(&expected), "the bytes of {} have changed", $name);
        fn same<T: for<'b> minicbor::Decode<'b, ()> + PartialEq + std::fmt::Debug>(bytes: &[u8], message: &T) {
            assert_eq!(&minicbor::decode::<T>(bytes).unwrap(), message);
        }
        same(&expected, &message);
    }};
}

const NOW: UnixMillis = UnixMillis(1_760_000_000_000);
const CLOCK: ClockReading = ClockReading { wall: NOW, mono_ms: 86_400_000, boot: BootId(0x0123_4567_89ab_cdef) };

fn profile() -> Profile {
    Profile {
        version: 3,
        organisation: OrganisationId::from([1; 16]),
        person: PersonId::from([2; 16]),
        name: "张伟".to_owned(),
        role: Role::Supervisor,
        office: OfficeId::from([3; 16]),
        office_name: "成都分所".to_owned(),
        team: Some(TeamId::from([4; 16])),
        team_name: Some("一组".to_owned()),
        projects: vec![Project { id: ProjectId::from([5; 16]), name: "锦江府".to_owned() }],
    }
}

fn header(kind: Kind) -> Header {
    Header {
        id: RecordId::from([7; 16]),
        kind,
        schema: 1,
        owner: PersonId::from([2; 16]),
        office: OfficeId::from([3; 16]),
        team: Some(TeamId::from([4; 16])),
        project: Some(ProjectId::from([5; 16])),
        captured: CLOCK,
        utc_offset_minutes: 480,
        place: "geo:30.65712,104.06588;u=12".parse().ok(),
        device: DeviceId::from([6; 16]),
        app: "golden/1.0".to_owned(),
    }
}

const ACTOR: ActorId = ActorId([9; 16]);

/// A lead with an edit and one entry of each list, change by change.
fn lead() -> Vec<(ChangeHash, Vec<u8>)> {
    let mut facts = LeadFacts {
        name: Some("李娜".to_owned()),
        budget: "1250000.50".parse().ok(),
        consent: Some(true),
        notes: "想看三居".to_owned(),
        ..LeadFacts::default()
    };
    facts.phones.insert("13312343333".parse().unwrap(), "本人".to_owned());
    let (mut document, made) = Document::create(ACTOR, &NewRecord { header: header(Kind::Lead), facts }).unwrap();
    let edit = [LeadEdit::Name(Some("李娜娜".to_owned())), LeadEdit::Notes("周末想看三居".to_owned())];
    let edited = document.edit::<LeadFacts>(ACTOR, NOW.plus(60_000), &edit).unwrap().unwrap();
    let follow_up = FollowUp {
        id: EntryId([1; 8]),
        at: NOW,
        text: "电话".to_owned(),
        by_means_of: Some("phone".to_owned()),
        next_on: Some("2025-10-12".to_owned()),
    };
    let stage = StageEntry {
        id: EntryId([2; 8]),
        at: NOW,
        stage: Stage::Subscribed,
        reason: Some("r".to_owned()),
        amount: Some("20000".to_owned()),
        unit: Some("3-1201".to_owned()),
    };
    let photo = PhotoEntry {
        id: EntryId([3; 8]),
        at: NOW,
        hash: sync_core::id::PhotoHash([4; 32]),
        bytes: 123_456,
        media_type: "image/jpeg".to_owned(),
        caption: None,
    };
    let mut changes = vec![made, edited];
    changes.push(document.append(ACTOR, NOW.plus(1), &follow_up).unwrap().unwrap());
    changes.push(document.append(ACTOR, NOW.plus(2), &stage).unwrap().unwrap());
    changes.push(document.append(ACTOR, NOW.plus(3), &photo).unwrap().unwrap());
    changes.into_iter().map(|change| (change.hash, change.bytes)).collect()
}

fn segment() -> Segment {
    let device = DeviceId::from([6; 16]);
    let mut head = Head::EMPTY;
    let mut items = Vec::new();
    for (n, (hash, raw)) in (0u32..).zip(lead()) {
        let clock = ClockReading {
            wall: NOW.plus(i64::from(n) * 1_000),
            mono_ms: CLOCK.mono_ms + u64::from(n) * 1_001,
            boot: CLOCK.boot,
        };
        let (entry, next) = head.append(RecordId::from([7; 16]), hash, clock);
        head = next;
        items.push(Item { entry, change: (n != 3).then_some(raw) });
    }
    Segment::pack(&items, head, Key::from_seed([8; 32]).sign_head(device, &head)).unwrap()
}

#[test]
fn enrolment_and_tokens() {
    let key = Key::from_seed([8; 32]);
    golden!(
        "enrol_request",
        EnrolRequest {
            code: "7K3M9QTXAAAABBBB".to_owned(),
            key: key.public(),
            proof: key.sign_enrolment("7K3M9QTXAAAABBBB"),
            app: "golden/1.0".to_owned(),
            label: "P40".to_owned(),
            formerly: None,
        }
    );
    golden!(
        "enrol_request_formerly",
        EnrolRequest {
            code: "7K3M9QTXAAAABBBB".to_owned(),
            key: key.public(),
            proof: key.sign_enrolment("7K3M9QTXAAAABBBB"),
            app: "golden/1.2".to_owned(),
            label: "P40".to_owned(),
            formerly: Some(DeviceId::from([6; 16])),
        }
    );
    golden!(
        "enrol_response",
        EnrolResponse { device: DeviceId::from([6; 16]), server_key: PublicKey([1; 32]), profile: profile() }
    );
    golden!(
        "reidentify_request",
        ReidentifyRequest {
            key: key.public(),
            proof: key.sign_reidentification(DeviceId::from([6; 16])),
            app: "golden/1.1".to_owned(),
        }
    );
    golden!(
        "token_request",
        TokenRequest {
            device: DeviceId::from([6; 16]),
            nonce: b"nonce".to_vec(),
            signature: key.sign_challenge(DeviceId::from([6; 16]), b"nonce"),
        }
    );
    golden!(
        "token_response",
        TokenResponse { token: Some("a.b.c".to_owned()), lifetime_ms: 900_000, nonce: b"next".to_vec() }
    );
}

#[test]
fn questions_about_photos() {
    let hashes = vec![PhotoHash([4; 32]), PhotoHash([5; 32])];
    golden!("photo_state_request", PhotoStateRequest { hashes });
    let states = vec![PhotoState::Missing, PhotoState::Stored, PhotoState::BackedUp];
    golden!("photo_state_response", PhotoStateResponse { states });
}

#[test]
fn exchanges() {
    golden!(
        "exchange_request",
        ExchangeRequest {
            clock: CLOCK,
            app: "golden/1.0".to_owned(),
            backlog: Backlog { records: 1, changes: 5, oldest: Some(NOW), photos: 1, bytes: 4_096 },
            segment: Some(segment()),
            cursor: Some(Cursor {
                epoch: 1,
                salt: u64::MAX,
                scope_version: 2,
                seq: 70_000,
                since: None,
                beginning: None
            }),
            limits: PullLimits::default(),
            profile_version: 3,
            acknowledged: 0,
            digest: None,
            offers: Vec::new(),
            wiped: false,
            acknowledged_link: None,
            reminded_at: None,
            holding: None,
        }
    );
    golden!(
        "exchange_request_idle",
        ExchangeRequest {
            clock: CLOCK,
            app: "golden/1.0".to_owned(),
            backlog: Backlog::default(),
            segment: None,
            cursor: None,
            limits: PullLimits::default(),
            profile_version: 0,
            acknowledged: 5,
            digest: None,
            offers: Vec::new(),
            wiped: false,
            acknowledged_link: None,
            reminded_at: None,
            holding: None,
        }
    );
    let head = segment().head;
    let changes = lead();
    golden!(
        "exchange_response",
        ExchangeResponse {
            receipt: Some(Key::from_seed([9; 32]).sign_receipt(DeviceId::from([6; 16]), head, NOW, 1, 70_001)),
            resend_from: Some(6),
            verdicts: vec![
                ItemVerdict { n: 1, verdict: Verdict::Need { deps: vec![ChangeHash([1; 32])] } },
                ItemVerdict { n: 2, verdict: Verdict::Held { code: "record.closed".to_owned() } },
                ItemVerdict { n: 3, verdict: Verdict::Quarantined { code: "change.malformed".to_owned() } },
                ItemVerdict { n: 4, verdict: Verdict::Published },
                ItemVerdict {
                    n: 5,
                    verdict: Verdict::Refused { code: "late".to_owned(), reason: "too late".to_owned() }
                },
            ],
            published_through: 5,
            pull: vec![
                PullItem {
                    record: RecordId::from([7; 16]),
                    news: News::Changes(vec![
                        sync_core::chunk::pack(&changes[0].1, None).unwrap(),
                        sync_core::chunk::pack(&changes[1].1, Some(&changes[0].0)).unwrap(),
                    ]),
                },
                PullItem { record: RecordId::from([8; 16]), news: News::Gone(GoneReason::Reassigned) },
            ],
            authors: vec![Author { actor: ACTOR, person: PersonId::from([2; 16]), name: "张伟".to_owned() }],
            cursor: Some(Cursor {
                epoch: 1,
                salt: 5,
                scope_version: 2,
                seq: 70_001,
                since: Some(69_000),
                beginning: None
            }),
            more: true,
            next_sync_after_ms: 900_000,
            backed_up_through: 2,
            rewound_to: Some(60_000),
            orders: vec![Order::Reidentify, Order::Upgrade],
            profile: Some(profile()),
            common_through: 4,
            digest: None,
            baseline: None,
            reminder: None,
        }
    );
    let record = |last: u8| RecordId::from([last; 16]);
    golden!(
        "digest_questions",
        vec![
            Question::Root(Sum { count: 8_000, leaves: [3; 16] }),
            Question::Buckets(vec![BucketSum { bucket: 7, count: 30, leaves: Short([4; 8]) }]),
            Question::Records {
                buckets: vec![7, 255],
                leaves: vec![RecordLeaf { record: record(7), leaf: Short([5; 8]) }],
            },
        ]
    );
    golden!(
        "digest_answers",
        vec![
            Comparison::Same,
            Comparison::Later,
            Comparison::SendBuckets,
            Comparison::SendRecords(vec![7, 255]),
            Comparison::Repair { whole: vec![record(7)], wanted: vec![record(8)], more: true, refused: vec![] },
        ]
    );
    let refused = vec![ChangeHash([6; 32])];
    golden!("digest_refused", Comparison::Repair { whole: vec![record(7)], wanted: vec![], more: false, refused });
    let line = OfferedLine { n: 3, clock: CLOCK };
    golden!(
        "offers",
        vec![Offer {
            record: record(7),
            changes: vec![
                OfferedChange { packed: vec![0, 1, 2], line: Some(line), author: None },
                OfferedChange { packed: vec![0, 3], line: None, author: Some(PersonId::from([2; 16])) },
            ],
        }]
    );
    golden!(
        "exchange_request_digest",
        ExchangeRequest {
            clock: CLOCK,
            app: "golden/1.0".to_owned(),
            backlog: Backlog::default(),
            segment: None,
            cursor: None,
            limits: PullLimits::default(),
            profile_version: 3,
            acknowledged: 5,
            digest: Some(Question::Root(Sum { count: 1, leaves: [3; 16] })),
            offers: vec![Offer { record: record(7), changes: Vec::new() }],
            holding: None,
            wiped: false,
            acknowledged_link: None,
            reminded_at: None,
        }
    );
    let beginning = Some(Beginning { head: 70_000, again: true });
    golden!(
        "exchange_request_scope",
        ExchangeRequest {
            clock: CLOCK,
            app: "golden/1.0".to_owned(),
            backlog: Backlog::default(),
            segment: None,
            cursor: Some(Cursor { epoch: 1, salt: 5, scope_version: 3, seq: 9, since: Some(0), beginning }),
            limits: PullLimits::default(),
            profile_version: 3,
            acknowledged: 5,
            digest: None,
            offers: Vec::new(),
            holding: Some(vec![record(7), record(8)]),
            wiped: false,
            acknowledged_link: None,
            reminded_at: None,
        }
    );
    for (name, baseline) in [("begun", Baseline::Begun), ("checked", Baseline::Checked)] {
        let answer = ExchangeResponse { baseline: Some(baseline), ..ExchangeResponse::default() };
        let bytes = minicbor::to_vec(&answer).unwrap();
        assert_eq!(minicbor::decode::<ExchangeResponse>(&bytes).unwrap(), answer, "{name}");
    }
    golden!(
        "exchange_response_scope",
        ExchangeResponse {
            pull: vec![PullItem { record: record(8), news: News::Gone(GoneReason::ScopeChanged) }],
            cursor: Some(Cursor { epoch: 1, salt: 5, scope_version: 3, seq: 19, since: Some(0), beginning }),
            baseline: Some(Baseline::Checked),
            ..ExchangeResponse::default()
        }
    );
    let parting = ExchangeRequest {
        clock: CLOCK,
        app: "golden/1.0".to_owned(),
        backlog: Backlog::default(),
        segment: None,
        cursor: None,
        limits: PullLimits::default(),
        profile_version: 0,
        acknowledged: 0,
        wiped: true,
        acknowledged_link: Some(head.link),
        reminded_at: None,
        digest: None,
        offers: Vec::new(),
        holding: None,
    };
    golden!("exchange_request_wiped", parting.clone());
    golden!(
        "exchange_request_reminded",
        ExchangeRequest { wiped: false, acknowledged_link: None, reminded_at: Some(NOW), ..parting }
    );
    let reminder = Reminder { at: NOW, day: date(2025, 10, 9), by: "王芳".to_owned() };
    golden!("exchange_response_reminder", ExchangeResponse { reminder: Some(reminder), ..Default::default() });
    let orders = vec![Order::Deposit, Order::Wipe];
    golden!("exchange_response_parting", ExchangeResponse { orders, ..Default::default() });
    golden!("exchange_response_idle", ExchangeResponse { next_sync_after_ms: 900_000, ..Default::default() });
    assert_eq!(segment().unpack().unwrap().len(), 5);
    assert!(head.is_signed_by(DeviceId::from([6; 16]), &Key::from_seed([8; 32]).public(), &segment().signature));
    assert_ne!(segment().signature, Signature([0; 64]));
}

/// An order that this version does not know is passed over, and the rest of the answer counts.
#[test]
fn unknown_orders_are_passed_over() {
    let known = ExchangeResponse { orders: vec![Order::Deposit], more: true, ..Default::default() };
    let bytes = minicbor::to_vec(&known).unwrap();
    // The list of orders: its key, its length, its only entry.
    let at = bytes.windows(3).position(|window| window == [11, 0x81, 2]).unwrap();
    let unknown = [&bytes[..at], &[11, 0x83, 0x18, 99, 2, 0x18, 100], &bytes[at + 3..]].concat();
    assert_eq!(minicbor::decode::<ExchangeResponse>(&unknown).unwrap(), known);
}

/// Documents as each version of the app has written them. Every one must read today as it did then.
#[test]
fn documents_of_every_version_read_as_they_did() {
    let stored = unhex(include_str!("golden/documents/v1-lead.hex"));
    let log: Vec<u8> = lead().into_iter().flat_map(|(_, raw)| raw).collect();
    assert_eq!(hex(&log), hex(&stored), "this version writes leads differently: raise SCHEMA");
    let view = Document::load_bytes(&stored).unwrap().view::<LeadFacts>().unwrap();
    assert_eq!(view.header, header(Kind::Lead));
    assert_eq!(view.facts.name.as_deref(), Some("李娜娜"));
    assert_eq!(view.facts.notes, "周末想看三居");
    assert_eq!((view.follow_ups.len(), view.stages.len(), view.photos.len()), (1, 1, 1));
    assert_eq!(view.stage, Some(Stage::Subscribed));
    assert!(view.unknown.is_empty());
}

#[test]
fn visits_and_surveys_are_written_as_they_were() {
    let visit = VisitFacts {
        visit_kind: Some(VisitKind::Escorted),
        outlet: Some("锦江店".to_owned()),
        check_in_at: Some(NOW),
        next_action_on: "2025-10-12".parse().ok(),
        group_size: Some(3),
        notes: "看房".to_owned(),
        ..VisitFacts::default()
    };
    let (_, visit) = Document::create(ACTOR, &NewRecord { header: header(Kind::Visit), facts: visit }).unwrap();
    assert_eq!(hex(&visit.bytes), hex(&unhex(include_str!("golden/documents/v1-visit.hex"))));
    let mut survey = SurveyFacts { form: Some("residents".to_owned()), ..SurveyFacts::default() };
    survey.answers.insert("children[0]/age".to_owned(), Answer::Int(7));
    survey.answers.insert("loan".to_owned(), Answer::Text("no".to_owned()));
    let (_, survey) = Document::create(ACTOR, &NewRecord { header: header(Kind::Survey), facts: survey }).unwrap();
    assert_eq!(hex(&survey.bytes), hex(&unhex(include_str!("golden/documents/v1-survey.hex"))));
}
