//! Bad pushes over real sockets to a real server. Each gets an answer of its own, nothing that was saved is lost, and
//! the honest push afterwards goes through.

#![expect(clippy::unwrap_used, reason = "clippy.toml allows it in test functions, not in what they share")]

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

use e2e::console::Console;
use e2e::raw_device::{RawDevice, head_of};
use e2e::server_process::{ServerProcess, server_program};
use sync_core::id::RecordId;
use sync_core::journal::{Head, Key};
use sync_core::wire::exchange::{Order, Verdict};
use sync_core::wire::segment::Segment;
use sync_core::wire::{self, Encoding, MEDIA_TYPE};

/// A server with one office, and somebody at head quarters who looks at it.
struct Stage {
    server: ServerProcess,
    console: Console,
    _folder: tempfile::TempDir,
}

impl Stage {
    fn set() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = ServerProcess::start(&server_program().unwrap(), folder.path()).unwrap();
        let admin = |order: &[&str]| server.admin(order).unwrap();
        admin(&["organisation", "create", "--name", "o"]);
        admin(&["office", "create", "--name", "f"]);
        let reviewer = admin(&["person", "create", "--name", "r", "--role", "reviewer", "--login", "r"]);
        let console = Console::sign_in(&server.base_url(), "r", reviewer["password"].as_str().unwrap()).unwrap();
        Self { server, console, _folder: folder }
    }

    fn device(&self, name: &str) -> RawDevice {
        self.server.admin(&["person", "create", "--name", name, "--role", "promoter", "--office", "f"]).unwrap();
        let issued = self.server.admin(&["code", "issue", "--person", name]).unwrap();
        let seed = name.bytes().map(u64::from).sum();
        RawDevice::enrol(&self.server.base_url(), issued["code"].as_str().unwrap(), seed).unwrap()
    }

    fn records(&self) -> Vec<RecordId> {
        let mut ids: Vec<RecordId> = self.console.list("").unwrap().into_iter().map(|line| line.id).collect();
        ids.sort_unstable();
        ids
    }

    /// The honest push: everything is receipted and published.
    fn goes_through(&self, device: &RawDevice, leads: &[RecordId]) {
        let answer = device.push(0).unwrap();
        let receipt = answer.receipt.unwrap();
        assert_eq!(receipt.head, device.head());
        assert!(receipt.is_signed_by(&device.server_key));
        assert_eq!(answer.published_through, device.head().n, "{:?}", answer.verdicts);
        let mut expected = leads.to_vec();
        expected.sort_unstable();
        assert_eq!(self.records(), expected);
    }

    fn quarantine(&self) -> Vec<String> {
        let listed = self.server.admin(&["quarantine", "list"]).unwrap();
        listed.as_array().unwrap().iter().map(|line| line["code"].as_str().unwrap().to_owned()).collect()
    }
}

#[test]
fn a_truncated_push_is_malformed() {
    let stage = Stage::set();
    let mut device = stage.device("a");
    let lead = device.save_lead("张三").unwrap();
    let whole = wire::encode(&device.request(Some(device.segment(0).unwrap()), 0));
    let half = wire::Body { bytes: whole.bytes[..whole.bytes.len() / 2].to_vec(), ..whole };
    let answer = device.wire.message("/sync/v1/exchange", Some(&device.token), &half).unwrap();
    assert_eq!(answer.refusal(), (400, "sync.malformed".to_owned()));
    assert_eq!(stage.records(), []);
    stage.goes_through(&device, &[lead]);
}

#[test]
fn a_push_whose_connection_breaks_in_the_middle_leaves_no_trace() {
    let stage = Stage::set();
    let mut device = stage.device("a");
    let lead = device.save_lead("张三").unwrap();
    let whole = wire::encode(&device.request(Some(device.segment(0).unwrap()), 0));
    let address = &stage.server.addresses().http;
    let encoding = if whole.encoding == Encoding::Gzip { "content-encoding: gzip\r\n" } else { "" };
    let head = format!(
        "POST /sync/v1/exchange HTTP/1.1\r\nhost: {address}\r\ncontent-type: {MEDIA_TYPE}\r\n{encoding}\
         authorization: Bearer {}\r\ncontent-length: {}\r\n\r\n",
        device.token,
        whole.bytes.len()
    );
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&whole.bytes[..whole.bytes.len() / 2]).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    // Whether the server says something to a line that is half gone is its own affair; it must not say 200.
    let mut said = Vec::new();
    stream.read_to_end(&mut said).unwrap();
    assert!(!said.starts_with(b"HTTP/1.1 200"));
    assert_eq!(stage.records(), []);
    stage.goes_through(&device, &[lead]);
}

#[test]
fn oversized_pushes_are_too_large_packed_and_unpacked() {
    let stage = Stage::set();
    let mut device = stage.device("a");
    let lead = device.save_lead("张三").unwrap();
    let bearer = format!("Bearer {}", device.token);
    let headers = [("content-type", MEDIA_TYPE), ("authorization", bearer.as_str())];
    let huge = vec![0; 9 * 1024 * 1024];
    let answer = device.wire.post("/sync/v1/exchange", &headers, &huge).unwrap();
    assert_eq!(answer.refusal(), (413, "sync.too_large".to_owned()));
    let stranger = [("content-type", MEDIA_TYPE)];
    let answer = device.wire.post("/sync/v1/exchange", &stranger, &huge).unwrap();
    assert_eq!(answer.refusal(), (401, "token.invalid".to_owned()), "also a stranger hears why");
    let bomb = wire::encode(&"x".repeat(80 * 1024 * 1024));
    assert!(bomb.bytes.len() < 1024 * 1024);
    let answer = device.wire.message("/sync/v1/exchange", Some(&device.token), &bomb).unwrap();
    assert_eq!(answer.refusal(), (413, "sync.too_large".to_owned()));
    assert_eq!(stage.records(), []);
    stage.goes_through(&device, &[lead]);
}

#[test]
fn another_version_and_another_type_are_told_apart() {
    let stage = Stage::set();
    let mut device = stage.device("a");
    let lead = device.save_lead("张三").unwrap();
    let body = wire::encode(&device.request(Some(device.segment(0).unwrap()), 0));
    let answer = device.wire.message("/sync/v2/exchange", Some(&device.token), &body).unwrap();
    assert_eq!(answer.refusal(), (404, "sync.version".to_owned()));
    let bearer = format!("Bearer {}", device.token);
    let headers = [("content-type", "application/cbor"), ("authorization", bearer.as_str())];
    let answer = device.wire.post("/sync/v1/exchange", &headers, &body.bytes).unwrap();
    assert_eq!(answer.refusal(), (415, "sync.media_type".to_owned()));
    stage.goes_through(&device, &[lead]);
}

#[test]
fn a_push_without_a_good_token_is_unauthenticated() {
    let stage = Stage::set();
    let mut device = stage.device("a");
    let lead = device.save_lead("张三").unwrap();
    let body = wire::encode(&device.request(Some(device.segment(0).unwrap()), 0));
    for token in [None, Some(""), Some("x.y.z")] {
        let answer = device.wire.message("/sync/v1/exchange", token, &body).unwrap();
        assert_eq!(answer.refusal(), (401, "token.invalid".to_owned()), "{token:?}");
    }
    assert_eq!(stage.records(), []);
    stage.goes_through(&device, &[lead]);
}

#[test]
fn a_replayed_push_gets_the_same_receipt_and_changes_nothing() {
    let stage = Stage::set();
    let mut device = stage.device("a");
    let leads = [device.save_lead("张三").unwrap(), device.save_lead("李四").unwrap()];
    stage.goes_through(&device, &leads);
    let before = stage.console.record(leads[0]).unwrap();
    for _ in 0..3 {
        stage.goes_through(&device, &leads);
    }
    assert_eq!(stage.console.record(leads[0]).unwrap(), before);
    // Some of it again together with something new is one push as well.
    let third = device.save_lead("王五").unwrap();
    let answer = device.push(1).unwrap();
    assert_eq!(answer.receipt.unwrap().head, device.head());
    assert_eq!(stage.records().len(), 3);
    assert!(stage.records().contains(&third));
}

#[test]
fn a_push_with_a_gap_is_asked_for_what_is_missing() {
    let stage = Stage::set();
    let mut device = stage.device("a");
    let leads: Vec<RecordId> = (0..4).map(|n| device.save_lead(&format!("张{n}")).unwrap()).collect();
    let late = device.send(&device.request(Some(device.segment(2).unwrap()), 0)).unwrap().exchange().unwrap();
    assert_eq!((late.receipt, late.resend_from), (None, Some(1)));
    assert_eq!(stage.records(), []);
    stage.goes_through(&device, &leads);
}

#[test]
fn a_journal_that_another_device_signed_is_refused() {
    let stage = Stage::set();
    let (mut victim, mut thief) = (stage.device("victim"), stage.device("thief"));
    let lead = victim.save_lead("张三").unwrap();
    thief.save_lead("李四").unwrap();
    let stolen = victim.segment(0).unwrap();
    let answer = thief.send(&thief.request(Some(stolen), 0)).unwrap();
    assert_eq!(answer.refusal(), (400, "journal.invalid".to_owned()));
    // The same with a head that nobody signed, and one that the entries don't lead to.
    let mut rng = rand::rng();
    let honest = victim.segment(0).unwrap();
    let forged = Segment { signature: Key::generate(&mut rng).sign_head(victim.id, &honest.head), ..honest.clone() };
    let head = Head { n: honest.head.n, ..head_of(&thief.journal) };
    let astray = Segment { head, signature: victim.key.sign_head(victim.id, &head), ..honest };
    for segment in [forged, astray] {
        let answer = victim.send(&victim.request(Some(segment), 0)).unwrap();
        assert_eq!(answer.refusal(), (400, "journal.invalid".to_owned()));
    }
    assert_eq!(stage.records(), []);
    stage.goes_through(&victim, &[lead]);
}

#[test]
fn a_record_in_another_devices_name_is_kept_where_people_see_it() {
    let stage = Stage::set();
    let (victim, mut thief) = (stage.device("victim"), stage.device("thief"));
    let good = thief.save_lead("张三").unwrap();
    thief.save_lead_of("李四", victim.id).unwrap();
    let answer = thief.push(0).unwrap();
    assert_eq!(answer.receipt.unwrap().head, thief.head(), "what was sent is stored, whatever it is worth");
    let verdict = Verdict::Quarantined { code: "record.foreign".to_owned() };
    let verdicts: Vec<_> = answer.verdicts.into_iter().map(|item| (item.n, item.verdict)).collect();
    assert_eq!(verdicts, [(2, verdict)]);
    assert_eq!(stage.quarantine(), ["record.foreign"]);
    assert_eq!(stage.records(), [good]);
}

#[test]
fn a_cloned_phone_is_told_to_become_another_one() {
    let stage = Stage::set();
    let mut device = stage.device("a");
    let first = device.save_lead("张三").unwrap();
    let second = device.save_lead("李四").unwrap();
    stage.goes_through(&device, &[first, second]);
    // The copy was made after the first save and went its own way.
    device.journal.truncate(1);
    device.save_lead("王五").unwrap();
    let answer = device.push(0).unwrap();
    assert_eq!((answer.receipt, answer.orders), (None, vec![Order::Reidentify]));
    assert_eq!(stage.records().len(), 2);
}
