//! A device that enrols properly and then sends what is false, beside the honest ones: every class of change that is
//! known to hurt Automerge, in valid journals, about its own record and about those of others.

use sync_core::chunk;
use sync_core::document::{Document, NewRecord};
use sync_core::engine::{MAX_ANSWER, Route, WireRequest, WireResponse};
use sync_core::id::{ActorId, DeviceId, RecordId};
use sync_core::journal::{Head, Key};
use sync_core::record::Kind;
use sync_core::record::header::{Header, SCHEMA};
use sync_core::record::lead::LeadFacts;
use sync_core::time::{BootId, ClockReading, UnixMillis};
use sync_core::wire::enrol::{EnrolRequest, EnrolResponse, TokenRequest, TokenResponse};
use sync_core::wire::exchange::{Backlog, ExchangeRequest, ExchangeResponse, News, PullLimits};
use sync_core::wire::segment::{Payload, Segment, WireEntry};
use sync_core::wire::{self, Body, MEDIA_TYPE};

use super::backend::{Backend, odd};
use super::disk::Committed;
use super::house::{House, Place};
use super::luck::Luck;
use super::tap::Violation;
use crate::failure::Failure;
use crate::hostile::{Class, Mould};

const BOOT: BootId = BootId(7);

/// A device that lies.
#[derive(Debug)]
pub struct Intruder {
    device: DeviceId,
    key: Key,
    actor: ActorId,
    head: Head,
    /// The record that it made itself, honestly.
    pub own: RecordId,
    /// Its own changes to that, which others may get to see if they are let in.
    pub changes: Vec<Committed>,
    number: u64,
    luck: Luck,
}

impl Intruder {
    /// Enrols and makes a record; `None` if the server is in trouble just now.
    ///
    /// # Errors
    /// When the simulation itself fails.
    pub async fn enrol(
        backend: &Backend,
        house: &mut House,
        now: UnixMillis,
        seed: u64,
    ) -> Result<Option<Self>, Failure> {
        let mut luck = Luck::of(seed, 5);
        let key = Key::generate(luck.generator());
        let code = house.intruder.code.clone();
        let request = EnrolRequest {
            proof: key.sign_enrolment(&code),
            code,
            key: key.public(),
            app: "intruder/1".to_owned(),
            label: "外".to_owned(),
            formerly: None,
        };
        let answer = ask(backend, Route::Enrol, None, wire::encode(&request)).await?;
        let Some(enrolled) = read::<EnrolResponse>(&answer) else { return Ok(None) };
        let actor = ActorId::random(luck.generator());
        let own = RecordId::new(now, luck.generator());
        let profile = enrolled.profile;
        let clock = ClockReading { wall: now, mono_ms: 1, boot: BOOT };
        let header = Header {
            id: own,
            kind: Kind::Lead,
            schema: SCHEMA,
            owner: profile.person,
            office: profile.office,
            team: profile.team,
            project: None,
            captured: clock,
            utc_offset_minutes: 480,
            place: None,
            device: enrolled.device,
            app: "intruder/1".to_owned(),
        };
        let facts = LeadFacts { notes: "想看房".to_owned(), ..LeadFacts::default() };
        let (_, made) = Document::create(actor, &NewRecord { header, facts }).map_err(odd("the intruder's record"))?;
        house.places.insert(own, Place { owner: profile.person, team: profile.team, office: profile.office });
        let first = Committed { record: own, change: made.hash, raw: made.bytes };
        let device = enrolled.device;
        let head = Head::EMPTY;
        Ok(Some(Self { device, key, actor, head, own, changes: vec![first], number: seed << 20, luck }))
    }

    /// Sends a handful of false changes, and sometimes a message that is none. What came of it that must not.
    ///
    /// # Errors
    /// When the simulation itself fails.
    pub async fn strike(&mut self, backend: &Backend, now: UnixMillis) -> Result<(u64, Vec<Violation>), Failure> {
        let Some(token) = self.token(backend).await? else { return Ok((0, Vec::new())) };
        let mut lines = Vec::new();
        if self.head == Head::EMPTY {
            let contents = crate::hostile::contents(self.changes[0].raw.clone());
            lines.push((self.own, contents));
        } else {
            for _ in 0..self.luck.between(1, 6) {
                lines.extend(self.falsehood(backend).await?);
            }
        }
        if lines.is_empty() {
            return Ok((0, Vec::new()));
        }
        let (segment, head) = self.segment(&lines, now);
        let request = ExchangeRequest {
            clock: ClockReading { wall: now, mono_ms: 5, boot: BOOT },
            app: "intruder/1".to_owned(),
            backlog: Backlog::default(),
            segment: Some(segment),
            cursor: None,
            limits: PullLimits::default(),
            profile_version: 0,
            acknowledged: self.head.n,
            wiped: false,
            acknowledged_link: None,
            reminded_at: None,
            digest: None,
            offers: Vec::new(),
            holding: None,
        };
        let mut body = wire::encode(&request);
        if self.luck.in_thousand(150) {
            let keep = self.luck.index(body.bytes.len());
            body.bytes.truncate(keep);
        }
        let answer = ask(backend, Route::Exchange, Some(token), body).await?;
        let mut found = Vec::new();
        if answer.status == 500 {
            found.push(Violation::new("the server does not fail", "a false change made it fail"));
        }
        if let Some(answer) = read::<ExchangeResponse>(&answer) {
            if let Some(receipt) = &answer.receipt {
                self.head = receipt.head;
            }
            if self.head != head && answer.receipt.is_some() {
                found.push(Violation::new("a receipt is for what was sent", "the intruder's"));
            }
            let foreign = |news: &News| matches!(news, News::Changes(_));
            for item in answer.pull.iter().filter(|item| item.record != self.own && foreign(&item.news)) {
                let said = format!("the intruder was sent {}", item.record);
                found.push(Violation::new("nothing outside the scope is sent", said));
            }
        }
        Ok((lines.len() as u64, found))
    }

    /// A false change of some class about some lead.
    async fn falsehood(&mut self, backend: &Backend) -> Result<Option<(RecordId, Vec<u8>)>, Failure> {
        self.number += 1;
        let ids = backend.truth().record_ids(None, 1_000).await.map_err(odd("the records"))?;
        let target = if self.luck.in_thousand(500) { Some(self.own) } else { self.luck.pick(&ids).copied() };
        let Some(target) = target else { return Ok(None) };
        let first = if target == self.own {
            self.changes[0].raw.clone()
        } else {
            let origins = backend.truth().origins(target).await.map_err(odd("a record"))?;
            match origins.into_iter().next() {
                Some(origin) => origin.raw,
                None => return Ok(None),
            }
        };
        // Of a visit no lead's change can be made.
        let Ok(mould) = Mould::of(&first, self.actor) else { return Ok(None) };
        let heavy = [Class::HugeString, Class::ManyOperations, Class::DeepNesting];
        let class = match self.luck.pick(Class::ALL).copied() {
            Some(class) if heavy.contains(&class) && !self.luck.in_thousand(100) => Class::UnknownObject,
            Some(class) => class,
            None => return Ok(None),
        };
        let Ok(contents) = mould.cast(class, self.number) else { return Ok(None) };
        let packed = [&[0][..], &contents].concat();
        if let (true, Ok((change, raw))) = (target == self.own, chunk::unpack(&packed, None)) {
            self.changes.push(Committed { record: target, change, raw });
        }
        Ok(Some((target, contents)))
    }

    fn segment(&self, lines: &[(RecordId, Vec<u8>)], now: UnixMillis) -> (Segment, Head) {
        let mut head = self.head;
        let mut entries = Vec::new();
        let mut wall = 0;
        for (place, (record, contents)) in lines.iter().enumerate() {
            let packed = [&[0][..], contents].concat();
            let clock = ClockReading { wall: now, mono_ms: 0, boot: BOOT };
            if let Ok((hash, _)) = chunk::unpack(&packed, None) {
                head = head.append(*record, hash, clock).1;
            }
            let record = u32::try_from(place).unwrap_or(0);
            let payload = Payload::Packed(packed);
            entries.push(WireEntry { record, boot: 0, wall_delta: now.0 - wall, mono_delta: 0, payload });
            wall = now.0;
        }
        let records = lines.iter().map(|(record, _)| *record).collect();
        let signature = self.key.sign_head(self.device, &head);
        (Segment { from: self.head.n + 1, records, boots: vec![BOOT], entries, head, signature }, head)
    }

    async fn token(&self, backend: &Backend) -> Result<Option<String>, Failure> {
        let mut nonce = Vec::new();
        for _ in 0..2 {
            let signature = self.key.sign_challenge(self.device, &nonce);
            let request = TokenRequest { device: self.device, nonce, signature };
            let answer = ask(backend, Route::Token, None, wire::encode(&request)).await?;
            let Some(answer) = read::<TokenResponse>(&answer) else { return Ok(None) };
            if answer.token.is_some() {
                return Ok(answer.token);
            }
            nonce = answer.nonce;
        }
        Ok(None)
    }
}

async fn ask(backend: &Backend, route: Route, token: Option<String>, body: Body) -> Result<WireResponse, Failure> {
    backend.serve(&WireRequest { route, token, body }).await
}

fn read<T: for<'b> minicbor::Decode<'b, ()>>(answer: &WireResponse) -> Option<T> {
    let ours = answer.status == 200 && answer.media_type == MEDIA_TYPE;
    ours.then(|| wire::decode(&answer.body, answer.encoding, MAX_ANSWER).ok()).flatten()
}
