//! A server that keeps one journal: enough of the protocol to hold the engine to it.

use crate::engine::{MAX_ANSWER, Route, WireRequest, WireResponse};
use crate::id::{DeviceId, OfficeId, OrganisationId, PersonId, PublicKey, RecordId};
use crate::journal::{Head, Key, verify_challenge, verify_enrolment, verify_reidentification};
use crate::testing::rng;
use crate::time::UnixMillis;
use crate::wire::enrol::{EnrolRequest, EnrolResponse, Profile, ReidentifyRequest, Role, TokenRequest, TokenResponse};
use crate::wire::exchange::{ExchangeRequest, ExchangeResponse, Order};
use crate::wire::problem::{self, Problem, code};
use crate::wire::segment::{Item, follow};
use crate::wire::{self, Encoding, MEDIA_TYPE};

const NONCE: &[u8] = b"challenge";

#[derive(Clone, Debug)]
pub(super) struct FakeServer {
    key: Key,
    device: DeviceId,
    profile: Profile,
    device_key: Option<PublicKey>,
    journal: Vec<Item>,
    /// What devices said before they became another.
    pub(super) past: Vec<Item>,
    head: Head,
    token: u32,
    /// Answers 413 to larger bodies.
    pub(super) body_limit: usize,
    /// Whether any token is ever good.
    pub(super) token_accepted: bool,
}

impl FakeServer {
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = rng(seed);
        let now = UnixMillis(1_760_000_000_000);
        Self {
            key: Key::generate(&mut rng),
            device: DeviceId::new(now, &mut rng),
            profile: Profile {
                version: 1,
                organisation: OrganisationId::new(now, &mut rng),
                person: PersonId::new(now, &mut rng),
                name: "promoter".to_owned(),
                role: Role::Promoter,
                office: OfficeId::new(now, &mut rng),
                office_name: "office".to_owned(),
                team: None,
                team_name: None,
                projects: Vec::new(),
            },
            device_key: None,
            journal: Vec::new(),
            past: Vec::new(),
            head: Head::EMPTY,
            token: 0,
            body_limit: usize::MAX,
            token_accepted: true,
        }
    }

    pub(super) fn lines(&self) -> usize {
        self.journal.len()
    }

    pub(super) fn named(&self) -> Vec<RecordId> {
        self.journal.iter().filter(|item| item.change.is_none()).map(|item| item.entry.record).collect()
    }

    pub(super) fn forget_tokens(&mut self) {
        self.token += 1;
    }

    /// Changes an exchange's answer on its way.
    pub(super) fn alter(answer: WireResponse, with: impl FnOnce(&mut ExchangeResponse)) -> WireResponse {
        let mut response = wire::decode(&answer.body, answer.encoding, MAX_ANSWER).unwrap();
        with(&mut response);
        ok(&response)
    }

    pub(super) fn answer(&mut self, request: &WireRequest) -> WireResponse {
        if request.body.bytes.len() > self.body_limit {
            return refusal(413, code::TOO_LARGE);
        }
        match request.route {
            Route::Enrol => self.enrol(&decode(request)),
            Route::Token => self.give_token(&decode(request)),
            Route::Exchange | Route::Reidentify if request.token != Some(self.bearer()) || !self.token_accepted => {
                refusal(401, code::TOKEN)
            }
            Route::Exchange => self.exchange(&decode(request)),
            Route::Reidentify => self.reidentify(&decode(request)),
        }
    }

    fn bearer(&self) -> String {
        format!("token-{}", self.token)
    }

    fn enrol(&mut self, request: &EnrolRequest) -> WireResponse {
        assert!(verify_enrolment(&request.key, &request.code, &request.proof));
        if self.device_key.is_some_and(|known| known != request.key) {
            return refusal(403, code::ENROL_CODE);
        }
        self.device_key = Some(request.key);
        ok(&EnrolResponse { device: self.device, server_key: self.key.public(), profile: self.profile.clone() })
    }

    fn give_token(&self, request: &TokenRequest) -> WireResponse {
        let good = request.nonce == NONCE
            && self.device_key.is_some_and(|key| verify_challenge(&key, self.device, NONCE, &request.signature));
        let token = good.then(|| self.bearer());
        ok(&TokenResponse { token, lifetime_ms: 900_000, nonce: NONCE.to_vec() })
    }

    /// The old device's journal is kept aside; what follows is the new one's.
    fn reidentify(&mut self, request: &ReidentifyRequest) -> WireResponse {
        assert!(verify_reidentification(&request.key, self.device, &request.proof));
        self.past.append(&mut self.journal);
        self.head = Head::EMPTY;
        self.device = DeviceId::from([77; 16]);
        self.device_key = Some(request.key);
        self.forget_tokens();
        ok(&EnrolResponse { device: self.device, server_key: self.key.public(), profile: self.profile.clone() })
    }

    fn exchange(&mut self, request: &ExchangeRequest) -> WireResponse {
        let mut response = ExchangeResponse { next_sync_after_ms: 900_000, ..Default::default() };
        let segment = request.segment.as_ref().filter(|segment| segment.from <= self.head.n + 1);
        if request.acknowledged > self.head.n || segment.is_none() && request.segment.is_some() {
            response.resend_from = Some(self.head.n + 1);
        } else if let Some(segment) = segment {
            let key = self.device_key.unwrap();
            assert!(segment.head.is_signed_by(self.device, &key, &segment.signature));
            let items = segment.unpack().unwrap();
            let (again, fresh) = items.split_at(items.iter().filter(|item| item.entry.n <= self.head.n).count());
            let same = |item: &&Item| item.entry == self.journal[usize::try_from(item.entry.n).unwrap() - 1].entry;
            let agreed = again.iter().take_while(same).count();
            if agreed < again.len() {
                response.orders.push(Order::Reidentify);
                response.common_through = segment.from - 1 + agreed as u64;
                return ok(&response);
            }
            if !fresh.is_empty() {
                self.head = follow(self.head, fresh, segment.head).unwrap();
                self.journal.extend_from_slice(fresh);
            }
            response.receipt = Some(self.key.sign_receipt(self.device, self.head, UnixMillis(0), 1, 0));
        }
        response.published_through = self.head.n;
        ok(&response)
    }
}

pub(super) fn decode<T: for<'b> minicbor::Decode<'b, ()>>(request: &WireRequest) -> T {
    wire::decode(&request.body.bytes, request.body.encoding, MAX_ANSWER).unwrap()
}

pub(super) fn ok<T: minicbor::Encode<()>>(message: &T) -> WireResponse {
    let body = wire::encode(message);
    WireResponse {
        status: 200,
        media_type: MEDIA_TYPE.to_owned(),
        encoding: body.encoding,
        retry_after_s: None,
        body: body.bytes,
    }
}

pub(super) fn refusal(status: u16, code: &str) -> WireResponse {
    let problem = Problem { code: code.to_owned(), title: "no".to_owned(), status, detail: None, request_id: None };
    WireResponse {
        status,
        media_type: problem::MEDIA_TYPE.to_owned(),
        encoding: Encoding::Identity,
        retry_after_s: None,
        body: serde_json::to_vec(&problem).unwrap(),
    }
}
