//! A server without a network: keeps journals and gives receipts, and misbehaves when told to.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex};

use sync_core::chunk;
use sync_core::engine::{Route, TransportError, WireRequest, WireResponse};
use sync_core::id::{DeviceId, OfficeId, OrganisationId, PersonId, PublicKey, RecordId};
use sync_core::journal::{Head, Key, verify_challenge, verify_enrolment};
use sync_core::time::UnixMillis;
use sync_core::wire::enrol::{EnrolRequest, EnrolResponse, Profile, Role, TokenRequest, TokenResponse};
use sync_core::wire::exchange::{
    Author, ExchangeRequest, ExchangeResponse, ItemVerdict, News, Order, PullItem, Verdict,
};
use sync_core::wire::problem;
use sync_core::wire::segment::follow;
use sync_core::wire::{self, MEDIA_TYPE};
use uuid::Uuid;

use crate::transport::Transport;

const NONCE: &[u8] = b"challenge";
const LIMIT: usize = 1 << 20;
pub(super) const CODE: &str = "7F3K-9QPA";
pub(super) const NEXT_SYNC_MS: u64 = 600_000;

/// A server that knows one device.
pub(super) struct Server {
    key: Key,
    state: Mutex<State>,
    gate: Condvar,
}

#[derive(Clone, Default)]
struct State {
    device: Option<PublicKey>,
    head: Head0,
    changes: Vec<(RecordId, Vec<u8>)>,
    news: Vec<PullItem>,
    authors: Vec<Author>,
    verdicts: Vec<ItemVerdict>,
    orders: Vec<Order>,
    farewell: bool,
    misbehaviour: VecDeque<Result<WireResponse, TransportError>>,
    exchanges: u32,
    closed: bool,
    waiting: u32,
    inside: u32,
    most_inside: u32,
}

/// [`Head`] that begins empty.
#[derive(Clone, Copy)]
struct Head0(Head);

impl Default for Head0 {
    fn default() -> Self {
        Self(Head::EMPTY)
    }
}

impl Server {
    pub(super) fn new() -> Self {
        Self { key: Key::from_seed([3; 32]), state: Mutex::default(), gate: Condvar::new() }
    }

    /// The same server at the same moment, for another course of events.
    pub(super) fn twin(&self) -> Self {
        let state = self.state.lock().unwrap().clone();
        Self { key: Key::from_seed([3; 32]), state: Mutex::new(state), gate: Condvar::new() }
    }

    /// Answers the next requests like this instead.
    pub(super) fn misbehave(&self, answers: impl IntoIterator<Item = Result<WireResponse, TransportError>>) {
        self.state.lock().unwrap().misbehaviour.extend(answers);
    }

    /// Hands out another device's changes with the next exchange.
    pub(super) fn publish(&self, record: RecordId, changes: &[Vec<u8>], author: Author) {
        let packed = changes.iter().map(|raw| chunk::pack(raw, None).unwrap()).collect();
        let mut state = self.state.lock().unwrap();
        state.news.push(PullItem { record, news: News::Changes(packed) });
        state.authors.push(author);
    }

    /// Judges a line with the next exchange.
    pub(super) fn judge(&self, n: u64, verdict: Verdict) {
        self.state.lock().unwrap().verdicts.push(ItemVerdict { n, verdict });
    }

    /// Gives these orders from now on.
    pub(super) fn order(&self, orders: impl IntoIterator<Item = Order>) {
        self.state.lock().unwrap().orders = orders.into_iter().collect();
    }

    /// Whether the device said that it is wiped.
    pub(super) fn said_farewell(&self) -> bool {
        self.state.lock().unwrap().farewell
    }

    /// Keeps every request waiting until [`Self::open`].
    pub(super) fn close(&self) {
        self.state.lock().unwrap().closed = true;
    }

    pub(super) fn open(&self) {
        self.state.lock().unwrap().closed = false;
        self.gate.notify_all();
    }

    /// Returns once a request is kept waiting.
    pub(super) fn wait_for_a_request(&self) {
        let state = self.state.lock().unwrap();
        drop(self.gate.wait_while(state, |state| state.waiting == 0).unwrap());
    }

    pub(super) fn public_key(&self) -> PublicKey {
        self.key.public()
    }

    pub(super) fn exchanges(&self) -> u32 {
        self.state.lock().unwrap().exchanges
    }

    /// How many changes of this device it holds.
    pub(super) fn held(&self) -> usize {
        self.state.lock().unwrap().changes.len()
    }

    /// How many requests were under way at once at the worst time.
    pub(super) fn most_inside(&self) -> u32 {
        self.state.lock().unwrap().most_inside
    }

    fn answer(&self, state: &mut State, request: &WireRequest) -> WireResponse {
        let (bytes, encoding) = (&request.body.bytes, request.body.encoding);
        match request.route {
            Route::Enrol => {
                let asked: EnrolRequest = wire::decode(bytes, encoding, LIMIT).unwrap();
                if asked.code != CODE || !verify_enrolment(&asked.key, &asked.code, &asked.proof) {
                    return refusal(403, problem::code::ENROL_CODE);
                }
                if state.device.replace(asked.key).is_some_and(|before| before != asked.key) {
                    // Another device, though this server gives it the same name: its journal is to begin.
                    state.head = Head0::default();
                }
                ok(&EnrolResponse { device: device(), server_key: self.key.public(), profile: profile() })
            }
            Route::Reidentify => refusal(403, problem::code::ENROL_CODE),
            Route::Token => {
                let asked: TokenRequest = wire::decode(bytes, encoding, LIMIT).unwrap();
                let key = state.device.unwrap();
                let good = asked.nonce == NONCE && verify_challenge(&key, asked.device, NONCE, &asked.signature);
                let token = good.then(|| "t0ken".to_owned());
                ok(&TokenResponse { token, lifetime_ms: 900_000, nonce: NONCE.to_vec() })
            }
            Route::Exchange => {
                assert_eq!(request.token.as_deref(), Some("t0ken"));
                self.exchange(state, wire::decode(bytes, encoding, LIMIT).unwrap())
            }
        }
    }

    fn exchange(&self, state: &mut State, asked: ExchangeRequest) -> WireResponse {
        state.exchanges += 1;
        if asked.wiped {
            (state.farewell, state.head, state.changes) = (true, Head0::default(), Vec::new());
        }
        if let Some(segment) = asked.segment {
            let items = segment.unpack().unwrap();
            state.head.0 = follow(state.head.0, &items, segment.head).unwrap();
            assert!(segment.head.is_signed_by(device(), &state.device.unwrap(), &segment.signature));
            for item in items {
                let change = item.change.map(|raw| (item.entry.record, raw));
                state.changes.extend(change.filter(|change| !state.changes.contains(change)));
            }
        }
        let head = state.head.0;
        ok(&ExchangeResponse {
            receipt: Some(self.key.sign_receipt(device(), head, UnixMillis(1), 1, 0)),
            published_through: head.n,
            pull: std::mem::take(&mut state.news),
            authors: std::mem::take(&mut state.authors),
            verdicts: std::mem::take(&mut state.verdicts),
            next_sync_after_ms: NEXT_SYNC_MS,
            orders: state.orders.clone(),
            ..ExchangeResponse::default()
        })
    }
}

impl Transport for Server {
    fn send(&self, request: &WireRequest) -> Result<WireResponse, TransportError> {
        let mut state = self.state.lock().unwrap();
        state.inside += 1;
        state.most_inside = state.most_inside.max(state.inside);
        state.waiting += 1;
        self.gate.notify_all();
        let mut state = self.gate.wait_while(state, |state| state.closed).unwrap();
        state.waiting -= 1;
        state.inside -= 1;
        match state.misbehaviour.pop_front() {
            Some(answer) => answer,
            None => Ok(self.answer(&mut state, request)),
        }
    }
}

fn ok<T: minicbor::Encode<()>>(message: &T) -> WireResponse {
    let wire::Body { encoding, bytes } = wire::encode(message);
    WireResponse { status: 200, media_type: MEDIA_TYPE.to_owned(), encoding, retry_after_s: None, body: bytes }
}

/// An answer that is none of ours.
pub(super) fn page(status: u16, media_type: &str, body: &str) -> WireResponse {
    WireResponse {
        status,
        media_type: media_type.to_owned(),
        encoding: wire::Encoding::Identity,
        retry_after_s: None,
        body: body.as_bytes().to_vec(),
    }
}

/// A refusal with one of the stable codes.
pub(super) fn refusal(status: u16, code: &str) -> WireResponse {
    let body = format!("{{\"code\":\"{code}\",\"title\":\"no\",\"status\":{status}}}");
    page(status, problem::MEDIA_TYPE, &body)
}

fn device() -> DeviceId {
    DeviceId(Uuid::from_u128(7))
}

pub(super) fn profile() -> Profile {
    Profile {
        version: 1,
        organisation: OrganisationId(Uuid::from_u128(9)),
        person: PersonId(Uuid::from_u128(1)),
        name: "王芳".to_owned(),
        role: Role::Promoter,
        office: OfficeId(Uuid::from_u128(2)),
        office_name: "成都分所".to_owned(),
        team: None,
        team_name: None,
        projects: vec![],
    }
}
