//! The requests of a run and the server's answers to them.

use std::collections::BTreeSet;

use rand_core::Rng;

use super::backoff::jitter;
use super::refusal::Heard;
use super::{
    Effect, Engine, EngineError, FULL_BATCH, Failure, MAX_ANSWER, RequestId, Route, TransportError, WireRequest,
    WireResponse,
};
use crate::chunk::read_change;
use crate::id::{ActorId, RecordId, Signature};
use crate::journal::Key;
use crate::store::{BatchLimit, ExchangeOutcome, Identity, Progress, ScopeCheck, Standing, Store};
use crate::time::{BootId, ClockReading};
use crate::wire::enrol::{EnrolRequest, EnrolResponse, TokenRequest, TokenResponse};
use crate::wire::exchange::{Baseline, ExchangeRequest, ExchangeResponse, MAX_HOLDING, Order, PullLimits};
use crate::wire::problem::{Problem, code};
use crate::wire::segment::{Item, Segment, SegmentError};
use crate::wire::{self, MEDIA_TYPE};

/// A token and how long it is good by the clock that nobody can set.
#[derive(Debug)]
pub(super) struct Token {
    bearer: String,
    boot: BootId,
    until_mono_ms: u64,
}

impl Token {
    fn is_good(&self, now: ClockReading) -> bool {
        now.boot == self.boot && now.mono_ms < self.until_mono_ms
    }
}

/// An enrolment under way.
#[derive(Debug)]
pub(super) struct Enrolment {
    pub(super) code: String,
    pub(super) label: String,
    pub(super) key: Key,
}

/// The request that is out.
#[derive(Debug)]
pub(super) struct Flight {
    id: RequestId,
    purpose: Purpose,
}

#[derive(Debug)]
pub(super) enum Purpose {
    Enrol,
    Token,
    Exchange {
        through: u64,
        lines: usize,
        named: Option<Named>,
        asked: bool,
    },
    Reidentify {
        common_through: u64,
    },
    /// Says that the device is wiped.
    Farewell,
}

/// The records that a request names as being here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named {
    /// The last of them; `None` if there is none left to name.
    last: Option<RecordId>,
    /// There may be more after them.
    full: bool,
}

impl Flight {
    /// The last line of the journal that is on its way; 0 if none.
    pub(super) fn through(&self) -> u64 {
        match self.purpose {
            Purpose::Exchange { through, .. } => through,
            _ => 0,
        }
    }
}

impl<S: Store> Engine<S> {
    /// The token of the last run while it is good: for what travels beside the exchanges.
    pub fn bearer(&self, now: ClockReading) -> Option<&str> {
        self.token.as_ref().filter(|token| token.is_good(now)).map(|token| token.bearer.as_str())
    }

    /// Sends the next request of the run, or ends it.
    pub(super) fn advance(
        &mut self,
        now: ClockReading,
        rng: &mut dyn Rng,
        effects: &mut Vec<Effect>,
    ) -> Result<(), EngineError<S::Error>> {
        let speaker = match (&self.tombstone, &self.identity) {
            (Some(tombstone), _) => Some((tombstone.device, tombstone.key_seed)),
            (None, Some(identity)) => Some((identity.device, identity.key_seed)),
            (None, None) => None,
        };
        // An identity is not given up before the server has said what it is to it.
        let enrolment = self.run.as_ref().and_then(|run| {
            let now = speaker.is_none() || run.forgotten || run.common_through.is_some();
            run.enrolment.as_ref().filter(|_| now).zip(Some(run.forgotten))
        });
        if let Some((enrolment, forgotten)) = enrolment {
            let formerly = self.identity.as_ref().filter(|_| forgotten);
            let key = formerly.map_or(enrolment.key.clone(), |identity| Key::from_seed(identity.key_seed));
            let request = EnrolRequest {
                code: enrolment.code.clone(),
                key: key.public(),
                proof: key.sign_enrolment(&enrolment.code),
                app: self.app.clone(),
                label: enrolment.label.clone(),
                formerly: formerly.map(|identity| identity.device),
            };
            self.send(Route::Enrol, Purpose::Enrol, wire::encode(&request), effects);
            return Ok(());
        }
        let Some((device, key_seed)) = speaker else {
            return self.finish(now, rng, Some(Failure::NotEnrolled), effects);
        };
        if !self.token.as_ref().is_some_and(|token| token.is_good(now)) {
            self.token = None;
            let key = Key::from_seed(key_seed);
            let signature = match self.nonce.as_slice() {
                [] => Signature([0; 64]),
                nonce => key.sign_challenge(device, nonce),
            };
            let request = TokenRequest { device, nonce: self.nonce.clone(), signature };
            self.send(Route::Token, Purpose::Token, wire::encode(&request), effects);
            return Ok(());
        }
        let (None, Some(identity)) = (&self.tombstone, self.identity.clone()) else {
            self.send_farewell(now, effects);
            return Ok(());
        };
        if let Some(common_through) = self.run.as_ref().and_then(|run| run.reidentify) {
            let request = self.reidentify_request(&identity, rng)?;
            let purpose = Purpose::Reidentify { common_through };
            self.send(Route::Reidentify, purpose, wire::encode(&request), effects);
            return Ok(());
        }
        self.send_exchange(now, &identity, effects)
    }

    fn send_exchange(
        &mut self,
        now: ClockReading,
        identity: &Identity,
        effects: &mut Vec<Effect>,
    ) -> Result<(), EngineError<S::Error>> {
        let after = self.progress.acknowledged;
        let mut items = self.store.outbox(after, self.batch).map_err(EngineError::Store)?;
        for item in items.iter_mut().filter(|item| self.withheld.contains(&item.entry.n)) {
            item.change = None;
        }
        let segment = self.segment(identity, after, &mut items)?;
        let through = items.last().map_or(0, |item| item.entry.n);
        // First the push: what the server does not know yet it can't place.
        let check = self.progress.check.filter(|_| items.is_empty());
        let holding = match check {
            Some(check) => self.store.held(check.after, MAX_HOLDING).map_err(EngineError::Store)?,
            None => Vec::new(),
        };
        let named = check.map(|_| Named { last: holding.last().copied(), full: holding.len() == MAX_HOLDING });
        let offers = if items.is_empty() { self.next_offers()? } else { Vec::new() };
        let digest = if items.is_empty() && offers.is_empty() { self.question(now.wall)? } else { None };
        let asked = digest.is_some();
        let request = ExchangeRequest {
            clock: now,
            app: self.app.clone(),
            backlog: self.store.backlog(after).map_err(EngineError::Store)?,
            segment,
            cursor: self.progress.cursor,
            limits: PullLimits::default(),
            profile_version: identity.profile.version,
            acknowledged: after,
            wiped: false,
            acknowledged_link: self.store.head_at(after).map_err(EngineError::Store)?.map(|head| head.link),
            digest,
            offers,
            holding: (!holding.is_empty()).then_some(holding),
            reminded_at: self.progress.reminder.as_ref().map(|reminder| reminder.at),
        };
        let purpose = Purpose::Exchange { through, lines: items.len(), named, asked };
        self.send(Route::Exchange, purpose, wire::encode(&request), effects);
        Ok(())
    }

    fn segment(
        &self,
        identity: &Identity,
        after: u64,
        items: &mut [Item],
    ) -> Result<Option<Segment>, EngineError<S::Error>> {
        if items.is_empty() {
            return Ok(None);
        }
        let Some(base) = self.store.head_at(after).map_err(EngineError::Store)? else {
            return Ok(None);
        };
        let head = items.iter().fold(base, |head, item| head.after(&item.entry));
        let signature = Key::from_seed(identity.key_seed).sign_head(identity.device, &head);
        match Segment::pack(items, head, signature) {
            Err(SegmentError::Packing(..)) => {
                // A stored change that is none, from a damaged file: its name goes, and the others with it.
                for item in items.iter_mut() {
                    item.change = item.change.take().filter(|raw| read_change(raw).is_ok());
                }
                Ok(Segment::pack(items, head, signature).ok())
            }
            packed => Ok(packed.ok()),
        }
    }

    pub(super) fn send(&mut self, route: Route, purpose: Purpose, body: wire::Body, effects: &mut Vec<Effect>) {
        self.requests += 1;
        let id = RequestId(self.requests);
        self.flight = Some(Flight { id, purpose });
        let token = match route {
            Route::Exchange | Route::Reidentify => self.token.as_ref().map(|token| token.bearer.clone()),
            Route::Enrol | Route::Token => None,
        };
        effects.push(Effect::Send(id, WireRequest { route, token, body }));
    }

    pub(super) fn answered(
        &mut self,
        now: ClockReading,
        rng: &mut dyn Rng,
        id: RequestId,
        result: Result<WireResponse, TransportError>,
        effects: &mut Vec<Effect>,
    ) -> Result<(), EngineError<S::Error>> {
        // An answer to a request that was given up on must not be taken for the answer to the present one.
        let Some(flight) = self.flight.take_if(|flight| flight.id == id) else {
            return Ok(());
        };
        let response = match result {
            Ok(response) => response,
            Err(TransportError::Timeout) if self.halve(&flight) => return self.advance(now, rng, effects),
            Err(error) => return self.finish(now, rng, Some(Failure::Transport(error)), effects),
        };
        if response.status != 200 || response.media_type != MEDIA_TYPE {
            return self.refused(now, rng, &flight, &response, effects);
        }
        match flight.purpose {
            Purpose::Enrol => self.enrolled(now, rng, &response, effects),
            Purpose::Token => self.token_came(now, rng, &response, effects),
            Purpose::Reidentify { common_through } => match decode::<EnrolResponse>(&response) {
                Some(answer) => {
                    if let Some(run) = &mut self.run {
                        run.reidentify = None;
                        run.reidentified = true;
                    }
                    self.reidentified(now, rng, common_through, answer, effects)
                }
                None => self.finish(now, rng, Some(Failure::BadAnswer), effects),
            },
            Purpose::Farewell => match decode::<ExchangeResponse>(&response) {
                Some(_) => self.bury(now, rng, effects),
                None => self.finish(now, rng, Some(Failure::BadAnswer), effects),
            },
            Purpose::Exchange { through, named, asked, .. } => match decode::<ExchangeResponse>(&response) {
                Some(answer) => self.exchanged(now, rng, (through, named, asked), answer, effects),
                None => self.finish(now, rng, Some(Failure::BadAnswer), effects),
            },
        }
    }

    /// Makes the next push smaller; false if it can't be.
    fn halve(&mut self, flight: &Flight) -> bool {
        let Purpose::Exchange { lines, .. } = flight.purpose else {
            return false;
        };
        if lines <= 1 {
            return false;
        }
        let BatchLimit { records, bytes } = self.batch;
        self.batch = if records > 1 {
            BatchLimit { records: records / 2, bytes: (bytes / 2).max(1) }
        } else {
            // One record with many changes: take fewer of them, down to the first.
            BatchLimit { records: 1, bytes: bytes / 2 }
        };
        true
    }

    fn refused(
        &mut self,
        now: ClockReading,
        rng: &mut dyn Rng,
        flight: &Flight,
        response: &WireResponse,
        effects: &mut Vec<Effect>,
    ) -> Result<(), EngineError<S::Error>> {
        if response.status == 413 {
            if self.halve(flight) {
                return self.advance(now, rng, effects);
            }
            // The change alone is too large. It stays here; the journal goes on with its name.
            if let Purpose::Exchange { through, lines: 1, .. } = flight.purpose
                && self.withheld.insert(through)
            {
                return self.advance(now, rng, effects);
            }
            if self.give_up_comparing(now.wall)? {
                return self.advance(now, rng, effects);
            }
        }
        let token_refused = response.status == 401
            && serde_json::from_slice::<Problem>(&response.body).is_ok_and(|problem| problem.code == code::TOKEN);
        if token_refused && let Some(run) = &mut self.run {
            self.token = None;
            run.fresh_tokens += 1;
            if run.fresh_tokens <= 2 {
                return self.advance(now, rng, effects);
            }
        }
        let failure = Failure::of(response);
        if failure == Failure::UnknownDevice {
            if self.tombstone.is_some() {
                return self.bury(now, rng, effects);
            }
            if let Some(run) = self.run.as_mut().filter(|run| run.enrolment.is_some() && !run.forgotten) {
                run.forgotten = true;
                return self.advance(now, rng, effects);
            }
        }
        self.finish(now, rng, Some(failure), effects)
    }

    fn enrolled(
        &mut self,
        now: ClockReading,
        rng: &mut dyn Rng,
        response: &WireResponse,
        effects: &mut Vec<Effect>,
    ) -> Result<(), EngineError<S::Error>> {
        let enrolment = self.run.as_mut().and_then(|run| run.enrolment.take());
        let (Some(enrolment), Some(answer)) = (enrolment, decode::<EnrolResponse>(response)) else {
            return self.finish(now, rng, Some(Failure::BadAnswer), effects);
        };
        let profile = answer.profile.clone();
        let forgotten = self.identity.clone().filter(|_| self.run.as_ref().is_some_and(|run| run.forgotten));
        // Lines without an identity are what a rescue has saved of a damaged store: they are written again under this one.
        let rescued = self.identity.is_none() && self.store.head().map_err(EngineError::Store)?.n > 0;
        let given_up = match &forgotten {
            // What the server does not know it holds no line of.
            Some(identity) => Some((identity.key_seed, 0)),
            None => {
                let common_through = self.run.as_ref().and_then(|run| run.common_through).or(rescued.then_some(0));
                common_through.map(|n| (enrolment.key.seed(), n))
            }
        };
        if let Some(identity) = forgotten.filter(|identity| identity.device == answer.device) {
            self.known_again(Identity { server_key: answer.server_key, profile: answer.profile, ..identity })?;
        } else if let Some((key_seed, common_through)) = given_up {
            self.turn_into(rng, key_seed, common_through, answer, effects)?;
        } else {
            let identity = Identity {
                device: answer.device,
                actor: ActorId::random(rng),
                key_seed: enrolment.key.seed(),
                server_key: answer.server_key,
                profile: answer.profile,
            };
            self.store.set_identity(&identity).map_err(EngineError::Store)?;
            self.identity = Some(identity);
        }
        if let Some(run) = &mut self.run {
            run.outcome.enrolled = Some(profile);
        }
        self.finish(now, rng, None, effects)
    }

    /// The server has forgotten this device and knows it again, as whom it was: the journal, the names of its changes and
    /// what others have built on them stay, and the next exchange finds out that the server lacks all of it.
    fn known_again(&mut self, identity: Identity) -> Result<(), EngineError<S::Error>> {
        self.store.set_identity(&identity).map_err(EngineError::Store)?;
        self.identity = Some(identity);
        self.progress.standing = Standing::Good;
        self.store.set_progress(&self.progress).map_err(EngineError::Store)?;
        Ok(())
    }

    fn token_came(
        &mut self,
        now: ClockReading,
        rng: &mut dyn Rng,
        response: &WireResponse,
        effects: &mut Vec<Effect>,
    ) -> Result<(), EngineError<S::Error>> {
        let Some(TokenResponse { token, lifetime_ms, nonce }) = decode(response) else {
            return self.finish(now, rng, Some(Failure::BadAnswer), effects);
        };
        self.nonce = nonce;
        match token {
            Some(bearer) => {
                let until_mono_ms = now.mono_ms.saturating_add(lifetime_ms);
                self.token = Some(Token { bearer, boot: now.boot, until_mono_ms });
            }
            // The challenge was missing or too old; now there is a fresh one, and once is enough.
            None => match &mut self.run {
                Some(run) if run.fresh_tokens < 2 => run.fresh_tokens += 1,
                _ => return self.finish(now, rng, Some(Failure::BadAnswer), effects),
            },
        }
        self.advance(now, rng, effects)
    }

    fn exchanged(
        &mut self,
        now: ClockReading,
        rng: &mut dyn Rng,
        (through, named, asked): (u64, Option<Named>, bool),
        answer: ExchangeResponse,
        effects: &mut Vec<Effect>,
    ) -> Result<(), EngineError<S::Error>> {
        let before = self.progress.acknowledged;
        if answer.orders.contains(&Order::Reidentify) {
            // Twice in one run would mean that the new identity is taken too, which can't be.
            return match &mut self.run {
                Some(run) if !run.reidentified => {
                    run.reidentify = Some(answer.common_through);
                    self.advance(now, rng, effects)
                }
                _ => self.finish(now, rng, Some(Failure::Forked), effects),
            };
        }
        let Some(acknowledged) = self.acknowledged_by(&answer, through)? else {
            return self.finish(now, rng, Some(Failure::BadAnswer), effects);
        };
        let (mut pulled, gone, repaired, confirmed) = self.read_pull(&answer)?;
        // What the server says of lines that it has not acknowledged to this device may be about lines of a twin, or of
        // this device before it was set back. It says it again to the cursor that stays where it is.
        let strange = answer.verdicts.iter().any(|item| item.n > acknowledged);
        let next = jitter(answer.next_sync_after_ms, rng);
        let ordered =
            answer.rewound_to.is_some() || answer.orders.contains(&Order::SendDigest) || self.stops_reading(&pulled)?;
        let reminded = answer.reminder.is_some() && answer.reminder != self.progress.reminder;
        let mut progress = Progress {
            receipt: answer.receipt.or_else(|| self.progress.receipt.clone()),
            acknowledged,
            published_through: answer.published_through.min(acknowledged),
            backed_up_through: answer.backed_up_through,
            cursor: if strange { self.progress.cursor } else { answer.cursor.or(self.progress.cursor) },
            last_exchange: Some(now.wall),
            next_exchange: Some(now.wall.plus(i64::try_from(next).unwrap_or(i64::MAX))),
            upgrade_required: answer.orders.contains(&Order::Upgrade),
            check: self.check_after(answer.baseline, named),
            standing: if answer.orders.contains(&Order::Deposit) { Standing::Revoked } else { Standing::Good },
            // What has never been compared was read from the beginning just now.
            digest_at: self.progress.digest_at.or(Some(now.wall)),
            digest_due: self.progress.digest_due || ordered,
            // A server that answers does not ask to be left alone any more.
            hold_off: None,
            reminder: answer.reminder.or_else(|| self.progress.reminder.clone()),
        };
        if asked {
            pulled.extend(repaired.pulled.iter().cloned());
            self.compared(now.wall, answer.digest, repaired, !gone.is_empty(), &mut progress);
        }
        let moved: Vec<RecordId> =
            pulled.iter().map(|record| record.id).chain(gone.iter().map(|(id, _)| *id)).collect();
        let verdicts = answer
            .verdicts
            .into_iter()
            .filter(|item| item.n <= acknowledged)
            .map(|item| (item.n, item.verdict))
            .collect();
        let Heard { verdicts, refused, unread } = self.hear_verdicts(now.wall, verdicts, &mut pulled)?;
        progress.digest_due |= unread;
        // The next edit would use the numbers of what was taken out again.
        let actor = (!refused.is_empty()).then(|| ActorId::random(rng));
        let moved: Vec<RecordId> = moved.into_iter().chain(refused.iter().map(|record| record.id)).collect();
        let mut authors: Vec<_> =
            answer.authors.into_iter().map(|author| (author.actor, author.person, author.name)).collect();
        if let (Some(_), Some(Identity { actor, profile, .. })) = (actor, &self.identity) {
            authors.push((*actor, profile.person, profile.name.clone()));
        }
        let profile = answer.profile;
        let outcome = ExchangeOutcome {
            progress: progress.clone(),
            verdicts,
            pulled,
            confirmed,
            refused,
            gone,
            authors,
            profile,
            actor,
        };
        self.store.apply(&outcome).map_err(EngineError::Store)?;
        let safer = self.safer_by(&progress)?;
        self.progress = progress;
        if let Some(identity) = &mut self.identity {
            identity.profile = outcome.profile.unwrap_or_else(|| identity.profile.clone());
            identity.actor = outcome.actor.unwrap_or(identity.actor);
        }
        let Some(run) = &mut self.run else {
            return Ok(());
        };
        run.outcome.exchanges += 1;
        run.outcome.pushed += acknowledged.saturating_sub(before);
        run.outcome.pulled += moved.len() as u64;
        if acknowledged < before {
            run.resends += 1;
        }
        let stuck = run.resends > 2;
        let changed: BTreeSet<RecordId> = moved.into_iter().chain(safer).collect();
        if !changed.is_empty() {
            effects.push(Effect::Changed(changed.into_iter().collect()));
        }
        self.batch = BatchLimit {
            records: (self.batch.records * 2).min(FULL_BATCH.records),
            bytes: (self.batch.bytes * 2).clamp(1, FULL_BATCH.bytes),
        };
        if stuck {
            return self.finish(now, rng, Some(Failure::BadAnswer), effects);
        }
        if self.progress.standing == Standing::Revoked {
            return self.handed_in(now, rng, through, &answer.orders, effects);
        }
        if self.run.as_ref().is_some_and(|run| run.enrolment.is_some()) {
            return self.finish(now, rng, Some(Failure::AlreadyEnrolled), effects);
        }
        let unsent = self.store.head().map_err(EngineError::Store)?.n > acknowledged;
        if self.moved
            && !unsent
            && let Some(run) = self.run.as_mut().filter(|run| !run.reidentified)
        {
            run.reidentify = Some(acknowledged);
            return self.advance(now, rng, effects);
        }
        // A server that passes over the question is asked again next time.
        let unchecked = self.progress.check.is_some() && (named.is_none() || answer.baseline.is_some());
        // The office sees at once that a reminder has come.
        if unsent || answer.more || unchecked || reminded || self.is_comparing(now.wall)? {
            self.advance(now, rng, effects)
        } else {
            self.finish(now, rng, None, effects)
        }
    }

    /// How far the server has looked through what is here.
    fn check_after(&self, baseline: Option<Baseline>, named: Option<Named>) -> Option<ScopeCheck> {
        match (baseline, self.progress.check, named) {
            (Some(Baseline::Begun), ..) => Some(ScopeCheck::default()),
            (_, None, _) | (_, _, Some(Named { last: None, .. })) => None,
            (Some(Baseline::Checked), _, Some(Named { last, full })) => full.then_some(ScopeCheck { after: last }),
            (_, check, _) => check,
        }
    }

    /// The records whose changes the server has acknowledged or published since.
    fn safer_by(&self, progress: &Progress) -> Result<Vec<RecordId>, EngineError<S::Error>> {
        let before = &self.progress;
        let mut records = Vec::new();
        for (after, through) in
            [(before.acknowledged, progress.acknowledged), (before.published_through, progress.published_through)]
        {
            if through > after {
                records.extend(self.store.records_between(after, through).map_err(EngineError::Store)?);
            }
        }
        Ok(records)
    }

    /// Up to where the answer acknowledges the journal; `None` if it claims what it can't.
    fn acknowledged_by(&self, answer: &ExchangeResponse, through: u64) -> Result<Option<u64>, EngineError<S::Error>> {
        if let Some(from) = answer.resend_from {
            return Ok(from.checked_sub(1).filter(|n| *n <= self.progress.acknowledged.max(through)));
        }
        let Some(receipt) = &answer.receipt else {
            // Nothing was sent, so nothing is to be acknowledged.
            return Ok((through == 0).then_some(self.progress.acknowledged));
        };
        let ours = self
            .identity
            .as_ref()
            .is_some_and(|identity| receipt.device == identity.device && receipt.is_signed_by(&identity.server_key));
        let head = self.store.head_at(receipt.head.n).map_err(EngineError::Store)?;
        let fits = ours && head == Some(receipt.head) && receipt.head.n >= through;
        Ok(fits.then_some(receipt.head.n))
    }
}

fn decode<T: for<'b> minicbor::Decode<'b, ()>>(response: &WireResponse) -> Option<T> {
    wire::decode(&response.body, response.encoding, MAX_ANSWER).ok()
}
