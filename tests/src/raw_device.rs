//! A device in a test's own hands: it enrols properly, and then says whatever it is told to.

use std::time::Duration;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use sync_core::document::{Document, NewRecord};
use sync_core::id::{ActorId, DeviceId, PublicKey, RecordId};
use sync_core::journal::{Head, Key};
use sync_core::record::header::{Header, SCHEMA};
use sync_core::record::lead::LeadFacts;
use sync_core::record::view::RecordFacts as _;
use sync_core::time::{BootId, ClockReading};
use sync_core::wire::enrol::{EnrolRequest, EnrolResponse, Profile, TokenRequest, TokenResponse};
use sync_core::wire::exchange::{Backlog, ExchangeRequest, ExchangeResponse, PullLimits};
use sync_core::wire::segment::{Item, Segment};
use sync_core::wire::{self, Body, Encoding, MEDIA_TYPE};

use crate::clock::real_now;
use crate::failure::Failure;

/// An answer as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `content-type`.
    pub media_type: String,
    /// How the body is compressed.
    pub encoding: Encoding,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The code of a problem; empty for any other answer.
    pub fn code(&self) -> String {
        let problem: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        problem["code"].as_str().unwrap_or_default().to_owned()
    }

    /// Status and code together, as tests compare them.
    pub fn refusal(&self) -> (u16, String) {
        (self.status, self.code())
    }

    /// The answer to an exchange.
    ///
    /// # Errors
    /// When it is a refusal, or no message of ours.
    pub fn exchange(&self) -> Result<ExchangeResponse, Failure> {
        if self.status != 200 || self.media_type != MEDIA_TYPE {
            return Err(Failure::Unexpected(format!("an exchange was answered with {:?}", self.refusal())));
        }
        wire::decode(&self.body, self.encoding, wire_limit()).map_err(|error| Failure::Unexpected(error.to_string()))
    }
}

fn wire_limit() -> usize {
    sync_core::engine::MAX_ANSWER
}

/// A way to the server that sends exactly what it is given.
#[derive(Debug)]
pub struct Wire {
    agent: ureq::Agent,
    base: String,
}

impl Wire {
    /// A way to the server at this address.
    pub fn new(base: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .proxy(None)
            .build();
        Self { agent: ureq::Agent::new_with_config(config), base: base.to_owned() }
    }

    /// Posts a body with these headers.
    ///
    /// # Errors
    /// When no answer came.
    pub fn post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Answer, Failure> {
        let failed = |error: ureq::Error| Failure::Unexpected(format!("{path} was not answered: {error}"));
        let mut call = self.agent.post(format!("{}{path}", self.base));
        for (name, value) in headers {
            call = call.header(*name, *value);
        }
        let mut response = call.send(body).map_err(failed)?;
        let text = |name: &str| {
            let value = response.headers().get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let encoding = if text("content-encoding") == "gzip" { Encoding::Gzip } else { Encoding::Identity };
        let (status, media_type) = (response.status().as_u16(), text("content-type"));
        let body = response.body_mut().read_to_vec().map_err(failed)?;
        Ok(Answer { status, media_type, encoding, body })
    }

    /// Posts a message as phones do.
    ///
    /// # Errors
    /// When no answer came.
    pub fn message(&self, path: &str, token: Option<&str>, body: &Body) -> Result<Answer, Failure> {
        let bearer = token.map(|token| format!("Bearer {token}"));
        let mut headers = vec![("content-type", MEDIA_TYPE)];
        headers.extend((body.encoding == Encoding::Gzip).then_some(("content-encoding", "gzip")));
        headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
        self.post(path, &headers, &body.bytes)
    }
}

/// A device in a test's own hands.
#[derive(Debug)]
pub struct RawDevice {
    /// Its way to the server.
    pub wire: Wire,
    /// Who it is.
    pub id: DeviceId,
    /// With which it signs.
    pub key: Key,
    /// With which the server signs.
    pub server_key: PublicKey,
    /// To whom it belongs.
    pub profile: Profile,
    /// Its bearer token.
    pub token: String,
    /// Its journal with the changes.
    pub journal: Vec<Item>,
    actor: ActorId,
    rng: ChaCha8Rng,
}

impl RawDevice {
    /// Redeems a code and gets a token.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn enrol(base: &str, code: &str, seed: u64) -> Result<Self, Failure> {
        let wire = Wire::new(base);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let key = Key::generate(&mut rng);
        let request = EnrolRequest {
            code: code.to_owned(),
            key: key.public(),
            proof: key.sign_enrolment(code),
            app: "raw/1".to_owned(),
            label: "raw".to_owned(),
            formerly: None,
        };
        let enrolled: EnrolResponse = said(&wire.message("/sync/v1/enrol", None, &wire::encode(&request))?)?;
        let id = enrolled.device;
        let ask = |nonce: Vec<u8>| -> Result<TokenResponse, Failure> {
            let signature = key.sign_challenge(id, &nonce);
            let request = TokenRequest { device: id, nonce, signature };
            said(&wire.message("/sync/v1/token", None, &wire::encode(&request))?)
        };
        let challenge = ask(Vec::new())?;
        let token = ask(challenge.nonce)?.token;
        let token =
            token.ok_or_else(|| Failure::Unexpected("a good answer to a challenge gave no token".to_owned()))?;
        Ok(Self {
            actor: ActorId::random(&mut rng),
            server_key: enrolled.server_key,
            profile: enrolled.profile,
            journal: Vec::new(),
            wire,
            id,
            key,
            token,
            rng,
        })
    }

    /// Under which actor it writes.
    pub fn actor(&self) -> ActorId {
        self.actor
    }

    /// Where the journal ends.
    pub fn head(&self) -> Head {
        head_of(&self.journal)
    }

    /// Makes a lead and notes it in the journal.
    ///
    /// # Errors
    /// When the record can't be made.
    pub fn save_lead(&mut self, name: &str) -> Result<RecordId, Failure> {
        let device = self.id;
        self.save_lead_of(name, device)
    }

    /// As [`Self::save_lead`], with a header that names another device.
    ///
    /// # Errors
    /// When the record can't be made.
    pub fn save_lead_of(&mut self, name: &str, device: DeviceId) -> Result<RecordId, Failure> {
        let now = real_now();
        let clock = ClockReading { wall: now, mono_ms: 1_000 + self.journal.len() as u64, boot: BootId(1) };
        let id = RecordId::new(now, &mut self.rng);
        let header = Header {
            id,
            kind: LeadFacts::KIND,
            schema: SCHEMA,
            owner: self.profile.person,
            office: self.profile.office,
            team: self.profile.team,
            project: None,
            captured: clock,
            utc_offset_minutes: 480,
            place: None,
            device,
            app: "raw/1".to_owned(),
        };
        // With a note, so that false changes find a text to be about.
        let notes = "想看".to_owned();
        let facts = LeadFacts { name: Some(name.to_owned()), notes, ..LeadFacts::default() };
        // An actor may write several records; each document counts its changes by itself.
        let made = Document::create(self.actor, &NewRecord { header, facts });
        let (_, change) = made.map_err(|error| Failure::Unexpected(error.to_string()))?;
        let (entry, _) = self.head().append(id, change.hash, clock);
        self.journal.push(Item { entry, change: Some(change.bytes) });
        Ok(id)
    }

    /// The journal after line `after` as it goes over the wire, honestly signed.
    ///
    /// # Errors
    /// When there is nothing after that line.
    pub fn segment(&self, after: usize) -> Result<Segment, Failure> {
        let head = self.head();
        let signature = self.key.sign_head(self.id, &head);
        Segment::pack(&self.journal[after..], head, signature).map_err(|error| Failure::Unexpected(error.to_string()))
    }

    /// A request with this segment.
    pub fn request(&self, segment: Option<Segment>, acknowledged: u64) -> ExchangeRequest {
        ExchangeRequest {
            clock: ClockReading { wall: real_now(), mono_ms: 5_000, boot: BootId(1) },
            app: "raw/1".to_owned(),
            backlog: Backlog::default(),
            segment,
            cursor: None,
            limits: PullLimits::default(),
            profile_version: self.profile.version,
            acknowledged,
            digest: None,
            offers: Vec::new(),
            wiped: false,
            acknowledged_link: None,
            reminded_at: None,
            holding: None,
        }
    }

    /// Sends a request.
    ///
    /// # Errors
    /// When no answer came.
    pub fn send(&self, request: &ExchangeRequest) -> Result<Answer, Failure> {
        self.wire.message("/sync/v1/exchange", Some(&self.token), &wire::encode(request))
    }

    /// Pushes everything after line `after` and gives the server's answer.
    ///
    /// # Errors
    /// When it is refused.
    pub fn push(&self, after: usize) -> Result<ExchangeResponse, Failure> {
        let segment = self.segment(after)?;
        self.send(&self.request(Some(segment), after as u64))?.exchange()
    }
}

/// The head after these lines.
pub fn head_of(journal: &[Item]) -> Head {
    journal.iter().fold(Head::EMPTY, |head, item| head.after(&item.entry))
}

fn said<T: for<'b> minicbor::Decode<'b, ()>>(answer: &Answer) -> Result<T, Failure> {
    let refused = || Failure::Unexpected(format!("a device was answered with {:?}", answer.refusal()));
    if answer.status != 200 {
        return Err(refused());
    }
    wire::decode(&answer.body, answer.encoding, wire_limit()).map_err(|_| refused())
}
