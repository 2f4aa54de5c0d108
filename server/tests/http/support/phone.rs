//! A phone: the real engine over the router.

use axum::body::Body;
use axum::http::{HeaderValue, Request};
use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;
use sync_core::engine::{Effect, Engine, Event, Outcome, Route, TransportError, WireRequest, WireResponse};
use sync_core::id::{ProjectId, RecordId};
use sync_core::notebook::CreateRequest;
use sync_core::place::Place;
use sync_core::record::entry::{PhotoEntry, PhotoRequest, StageEntry, StageRequest};
use sync_core::record::lead::{LeadEdit, LeadFacts};
use sync_core::record::office::OfficeEdit;
use sync_core::record::view::{LeadView, RecordFacts};
use sync_core::store::memory::MemoryStore;
use sync_core::time::{BootId, ClockReading};
use sync_core::wire::enrol::Role;
use sync_core::wire::exchange::{ExchangeRequest, ExchangeResponse};
use sync_core::wire::{self, Encoding};

use super::{Answer, House, MORNING, TestApp};

pub(crate) struct Phone {
    pub(crate) engine: Engine<MemoryStore>,
    rng: ChaCha20Rng,
    mono_ms: u64,
    /// How far its owner has set the wall clock forward.
    set_forward_ms: i64,
    /// What the last request looked like.
    pub(crate) sent: Vec<WireRequest>,
    /// How the answers came.
    pub(crate) answers: Vec<Answer>,
    /// How the line is.
    pub(crate) line: Line,
}

/// What a phone's line does to its exchanges.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Line {
    /// Pages are cut to so many records.
    pub(crate) page: Option<u32>,
    /// So many exchanges get through, then the connection breaks.
    pub(crate) exchanges: Option<u32>,
    /// The one at which it breaks reaches the server; only its answer is lost.
    pub(crate) reply_lost: bool,
}

impl Line {
    /// One exchange with pages of so many records, and no more.
    pub(crate) fn one_page(records: u32) -> Self {
        Self { page: Some(records), exchanges: Some(1), reply_lost: false }
    }

    fn shape(self, request: &mut WireRequest) {
        let (Some(records), Route::Exchange) = (self.page, request.route) else { return };
        let body = &request.body;
        let mut message: ExchangeRequest = wire::decode(&body.bytes, body.encoding, 1 << 24).unwrap();
        message.limits.records = records;
        request.body = wire::encode(&message);
    }

    /// Whether the request gets to the server and whether its answer comes back.
    fn carry(&mut self, request: &WireRequest) -> (bool, bool) {
        match &mut self.exchanges {
            Some(0) if request.route == Route::Exchange => (self.reply_lost, false),
            Some(left) if request.route == Route::Exchange => {
                *left -= 1;
                (true, true)
            }
            _ => (true, true),
        }
    }
}

impl Phone {
    pub(crate) fn new(seed: u64) -> Self {
        let engine = Engine::open(MemoryStore::new(), "daybook-test/1".to_owned()).unwrap();
        let rng = ChaCha20Rng::seed_from_u64(seed);
        Self {
            engine,
            rng,
            mono_ms: 0,
            set_forward_ms: 0,
            sent: Vec::new(),
            answers: Vec::new(),
            line: Line::default(),
        }
    }

    /// A phone that holds what this one holds at this moment, its identity included.
    pub(crate) fn copy(&self, seed: u64) -> Self {
        let mut phone = Self::new(seed);
        phone.engine = Engine::open(self.engine.store().clone(), "daybook-test/1".to_owned()).unwrap();
        phone
    }

    /// A phone that is enrolled for somebody.
    pub(crate) async fn of(test: &TestApp, house: &House, role: Role, office: &'static str) -> Self {
        let code = house.code(test, role, office).await;
        let mut phone = Self::new(u64::from_be_bytes(test.app.dice.bytes()));
        let outcome = phone.enrol(test, &code).await;
        assert!(outcome.failure.is_none(), "{outcome:?}");
        phone
    }

    pub(crate) async fn enrol(&mut self, test: &TestApp, code: &str) -> Outcome {
        self.run(test, Event::Enrol { code: code.to_owned(), label: "Pixel".to_owned() }).await
    }

    pub(crate) async fn sync(&mut self, test: &TestApp) -> Outcome {
        self.run(test, Event::SyncNow).await
    }

    /// Writes a lead down.
    pub(crate) fn register(&mut self, name: &str) -> RecordId {
        self.register_with_notes(name, "")
    }

    /// Writes a lead down about whom there is much to say.
    pub(crate) fn register_with_notes(&mut self, name: &str, notes: &str) -> RecordId {
        let now = self.now();
        let facts = LeadFacts { name: Some(name.to_owned()), notes: notes.to_owned(), ..LeadFacts::default() };
        let request = CreateRequest { facts, ..CreateRequest::default() };
        self.engine.notebook(now, 480).create(&mut self.rng, request).unwrap().header.id
    }

    /// Writes a lead down who asks about a development.
    pub(crate) fn register_for(&mut self, name: &str, project: ProjectId) -> RecordId {
        let now = self.now();
        let facts = LeadFacts { name: Some(name.to_owned()), ..LeadFacts::default() };
        let request = CreateRequest { facts, project: Some(project), ..CreateRequest::default() };
        self.engine.notebook(now, 480).create(&mut self.rng, request).unwrap().header.id
    }

    /// Writes a record of any kind down.
    pub(crate) fn create<F: RecordFacts>(&mut self, place: Option<Place>, facts: F) -> RecordId {
        let now = self.now();
        let request = CreateRequest { place, facts, project: None, follow_ups: Vec::new() };
        self.engine.notebook(now, 480).create(&mut self.rng, request).unwrap().header.id
    }

    /// Gives a lead another name.
    pub(crate) fn rename(&mut self, id: RecordId, name: &str) {
        self.edit(id, &[LeadEdit::Name(Some(name.to_owned()))]);
    }

    /// Edits a lead.
    pub(crate) fn edit(&mut self, id: RecordId, edits: &[LeadEdit]) {
        let now = self.now();
        self.engine.notebook(now, 480).edit::<LeadFacts>(id, edits).unwrap();
    }

    /// Notes that a photo belongs to a record; its bytes are another matter.
    pub(crate) fn attach(&mut self, photo: &[u8], id: RecordId) {
        let now = self.now();
        let request = PhotoRequest {
            hash: super::photographer::hash_of(photo),
            bytes: photo.len() as u64,
            media_type: "image/jpeg".to_owned(),
            caption: None,
        };
        self.engine.notebook(now, 480).append::<PhotoEntry>(&mut self.rng, id, request).unwrap();
    }

    /// Notes how far a lead has come.
    pub(crate) fn reach(&mut self, id: RecordId, stage: StageRequest) {
        let now = self.now();
        self.engine.notebook(now, 480).append::<StageEntry>(&mut self.rng, id, stage).unwrap();
    }

    /// Writes into the office's part of a lead.
    pub(crate) fn assign(&mut self, id: RecordId) {
        let now = self.now();
        let edits = [OfficeEdit::Consultant(Some("李静".to_owned()))];
        self.engine.notebook(now, 480).edit_office(id, &edits).unwrap();
    }

    /// A lead as this phone shows it.
    pub(crate) fn lead(&mut self, id: RecordId) -> LeadView {
        let now = self.now();
        self.engine.notebook(now, 480).view(id).unwrap()
    }

    /// The exchanges that the server answered, newest last.
    pub(crate) fn exchanges(&self) -> impl Iterator<Item = (&WireRequest, ExchangeResponse)> {
        let answered = self.sent.iter().zip(&self.answers);
        let good = answered.filter(|(request, answer)| request.route == Route::Exchange && answer.status == 200);
        good.map(|(request, answer)| {
            let answer = as_answer(answer);
            (request, wire::decode(&answer.body, answer.encoding, 1 << 24).unwrap())
        })
    }

    /// Time passes.
    pub(crate) fn pass(&mut self, millis: u64) {
        self.mono_ms += millis;
    }

    /// Its owner sets the wall clock.
    pub(crate) fn set_clock_forward(&mut self, millis: i64) {
        self.set_forward_ms += millis;
    }

    /// The app is killed, and started again with what its storage holds.
    pub(crate) fn restart(&mut self) {
        self.engine = Engine::open(self.engine.store().clone(), "daybook-test/1".to_owned()).unwrap();
    }

    /// The token that was last used.
    pub(crate) fn token(&self) -> String {
        self.sent.iter().rev().find_map(|request| request.token.clone()).unwrap()
    }

    fn now(&mut self) -> ClockReading {
        self.mono_ms += 1_000;
        let wall = MORNING.plus(self.mono_ms.cast_signed() + self.set_forward_ms);
        ClockReading { wall, mono_ms: self.mono_ms, boot: BootId(1) }
    }

    /// Gives the engine an event and its answers until the run is over.
    async fn run(&mut self, test: &TestApp, event: Event) -> Outcome {
        let mut events = vec![event];
        while let Some(event) = events.pop() {
            let now = self.now();
            for effect in self.engine.handle(now, &mut self.rng, event).unwrap() {
                match effect {
                    Effect::Send(id, mut request) => {
                        self.line.shape(&mut request);
                        let (goes, comes) = self.line.carry(&request);
                        let heard = if goes {
                            let answer = test.send(as_http(&request)).await;
                            let heard = as_answer(&answer);
                            self.answers.push(answer);
                            self.sent.push(request);
                            comes.then_some(heard)
                        } else {
                            None
                        };
                        events.push(Event::Response(id, heard.ok_or(TransportError::Interrupted)));
                    }
                    Effect::Finished(outcome) => return outcome,
                    Effect::WakeAt(_) | Effect::Changed(_) => {}
                }
            }
        }
        panic!("the run did not end");
    }
}

fn as_http(request: &WireRequest) -> Request<Body> {
    let mut http = Request::post(request.route.path())
        .header("content-type", wire::MEDIA_TYPE)
        .body(Body::from(request.body.bytes.clone()))
        .unwrap();
    let headers = http.headers_mut();
    if request.body.encoding == Encoding::Gzip {
        headers.insert("content-encoding", HeaderValue::from_static("gzip"));
    }
    if let Some(token) = &request.token {
        headers.insert("authorization", HeaderValue::from_str(&format!("Bearer {token}")).unwrap());
    }
    http
}

fn as_answer(answer: &Answer) -> WireResponse {
    WireResponse {
        status: answer.status.as_u16(),
        media_type: answer.header("content-type").unwrap_or_default().to_owned(),
        encoding: if answer.header("content-encoding") == Some("gzip") { Encoding::Gzip } else { Encoding::Identity },
        retry_after_s: answer.header("retry-after").and_then(|seconds| seconds.parse().ok()),
        body: answer.body.clone(),
    }
}
