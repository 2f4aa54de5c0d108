//! The lines between phones and server, and what goes wrong on them.

use std::io::Read as _;

use sync_core::engine::{MAX_ANSWER, RequestId, Route, TransportError, WireRequest, WireResponse};

use sync_core::id::DeviceId;
use sync_core::wire::exchange::ExchangeRequest;
use sync_core::wire::{self, Body, Encoding, MEDIA_TYPE};

use server::clock::Clock as _;

use super::{Happening, World};
use crate::failure::Failure;
use crate::sim::fault::Fault;
use crate::sim::plan::Line;

/// After so long without an answer a phone gives up.
const TIMEOUT_MS: i64 = 30_000;

impl World {
    pub(super) fn send(&mut self, phone: usize, id: RequestId, request: WireRequest) {
        let now = self.now();
        let life = self.phones[phone].life;
        let device = self.phones[phone].device;
        let line = if self.healed { Line::default() } else { self.phones[phone].line };
        let arrive = |result| Happening::AtPhone { phone, life, id, result };
        if !self.healed && now < self.phones[phone].offline_until {
            self.faults.fired(Fault::Offline);
            return self.push(now.plus(10), arrive(Err(TransportError::Offline)));
        }
        if !self.healed && now < self.phones[phone].portal_until {
            self.faults.fired(Fault::CaptivePortal);
            return self.push(now.plus(50), arrive(Ok(login_page())));
        }
        self.push(now.plus(TIMEOUT_MS), arrive(Err(TransportError::Timeout)));
        let mut request = request;
        if let Some(mutant) = self.mutant {
            let cut_off = self.phones[phone].device.is_some_and(|device| self.house.cut_off.contains(&device));
            mutant.tamper_with_request(&mut request, cut_off);
        }
        let request = if self.phones[phone].is_newest() { self.of_the_future(request) } else { request };
        let request = match self.phones[phone].page {
            Some(records) => small_pages(request, records),
            None => request,
        };
        if self.luck.in_thousand(line.lost) {
            self.faults.fired(Fault::RequestLost);
            return;
        }
        let mut request = request;
        if self.luck.in_thousand(line.cut) {
            self.faults.fired(Fault::RequestTruncated);
            let keep = self.luck.index(request.body.bytes.len());
            request.body.bytes.truncate(keep);
        }
        if self.luck.in_thousand(line.twice) {
            self.faults.fired(Fault::RequestDuplicated);
            let at = now.plus(self.delay(&line));
            self.push(at, Happening::AtServer { phone, life, device, id, request: request.clone() });
        }
        let at = now.plus(self.delay(&line));
        self.push(at, Happening::AtServer { phone, life, device, id, request });
    }

    /// The message of an app, or a server, that has one thing more to say than this version knows of.
    fn of_the_future(&mut self, mut request: WireRequest) -> WireRequest {
        if request.route == Route::Exchange
            && let Some(body) = with_unknown_key(&request.body.bytes, request.body.encoding)
        {
            self.faults.fired(Fault::UnknownKeys);
            request.body = body;
        }
        request
    }

    fn delay(&mut self, line: &Line) -> i64 {
        if self.luck.in_thousand(line.slow) {
            self.faults.fired(Fault::Delayed);
            self.luck.between(1_000, 2 * TIMEOUT_MS)
        } else {
            self.luck.between(20, 400)
        }
    }

    /// The server answers, or dies of it.
    pub(super) async fn serve(
        &mut self,
        (phone, life): (usize, u64),
        device: Option<DeviceId>,
        id: RequestId,
        request: WireRequest,
    ) -> Result<(), Failure> {
        let handset = &mut self.phones[phone];
        if handset.life == life {
            if id.0 < handset.newest_request {
                self.faults.fired(Fault::Reordered);
            }
            handset.newest_request = handset.newest_request.max(id.0);
        }
        let mut response = self.backend.serve(&request).await?;
        if self.time.server_is_ahead_by() < 0 {
            self.faults.fired(Fault::ServerClockBack);
        }
        let died = self.backend.disk.is_killed();
        self.see_to_the_server(response.status >= 500).await?;
        if died {
            return Ok(());
        }
        if let Some(mutant) = self.mutant {
            mutant.tamper_with(self.backend.app(), device, &request, &mut response);
        }
        let truth = self.backend.truth();
        let world = (&self.house, &self.diary);
        let clock = (self.time.now(), self.backend.settings.restorable_ms());
        let heard = self.tap.listen(truth, (phone, device), (&request, &response), world, clock, &mut self.faults);
        let found = heard.await?;
        self.violate(found);
        if self.tap.is_paging(phone) && std::mem::take(&mut self.phones[phone].moves_while_paging) && !self.healed {
            self.move_person(phone).await?;
        }
        if request.route == Route::Exchange && response.status == 200 {
            if self.dies_after_commit && !self.healed {
                self.dies_after_commit = false;
                self.faults.fired(Fault::ServerKilledAfterCommit);
                self.note(|| format!("the server dies before it answers phone {phone}"));
                self.backend.kill().await?;
                return Ok(());
            }
            let soon = self.now().plus(self.luck.between(1, 10_000));
            if self.healed || self.luck.in_thousand(600) {
                self.push(soon, Happening::Publish);
            }
        }
        if !self.healed && self.phones[phone].loses_this_reply() {
            self.faults.fired(Fault::ReplyLost);
            self.note(|| format!("phone {phone}: the reply to {:?} is lost and the app dies", request.route));
            self.phones[phone].store.kill();
            self.take_notes(phone);
            return self.restart(phone);
        }
        self.reply(phone, life, id, response);
        Ok(())
    }

    fn reply(&mut self, phone: usize, life: u64, id: RequestId, mut response: WireResponse) {
        if self.phones[phone].is_oldest()
            && response.status == 200
            && response.media_type == MEDIA_TYPE
            && let Some(body) = with_unknown_key(&response.body, response.encoding)
        {
            self.faults.fired(Fault::UnknownKeys);
            (response.body, response.encoding) = (body.bytes, body.encoding);
        }
        let line = if self.healed { Line::default() } else { self.phones[phone].line };
        let now = self.now();
        if self.luck.in_thousand(line.lost) {
            self.faults.fired(Fault::ReplyLost);
            return;
        }
        let mut result = Ok(response.clone());
        if self.luck.in_thousand(line.cut) && !response.body.is_empty() {
            self.faults.fired(Fault::ReplyTruncated);
            let keep = self.luck.index(response.body.len());
            response.body.truncate(keep);
            // Most clients notice; a proxy that mends the length makes them believe it.
            result = if self.luck.in_thousand(500) { Ok(response) } else { Err(TransportError::Interrupted) };
        }
        if self.luck.in_thousand(line.twice) {
            self.faults.fired(Fault::ReplyDuplicated);
            let at = now.plus(self.delay(&line));
            self.push(at, Happening::AtPhone { phone, life, id, result: result.clone() });
        }
        let at = now.plus(self.delay(&line));
        self.push(at, Happening::AtPhone { phone, life, id, result });
    }
}

/// A message with a key in it that nobody knows: its map is made one longer at the head, and the pair stands at the end.
fn with_unknown_key(bytes: &[u8], encoding: Encoding) -> Option<Body> {
    let mut plain = match encoding {
        Encoding::Identity => bytes.to_vec(),
        Encoding::Gzip => {
            let mut plain = Vec::new();
            flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain).ok()?;
            plain
        }
    };
    let head = plain.first_mut().filter(|head| (0xa0..0xb7).contains(*head))?;
    *head += 1;
    plain.extend_from_slice(&[0x18, 99, 1]);
    Some(Body { encoding: Encoding::Identity, bytes: plain })
}

/// The request of an app that takes only so many records at once.
fn small_pages(mut request: WireRequest, records: u32) -> WireRequest {
    let asked = wire::decode::<ExchangeRequest>(&request.body.bytes, request.body.encoding, MAX_ANSWER);
    if let (Route::Exchange, Ok(mut asked)) = (request.route, asked) {
        asked.limits.records = records;
        request.body = wire::encode(&asked);
    }
    request
}

fn login_page() -> WireResponse {
    WireResponse {
        status: 200,
        media_type: "text/html".to_owned(),
        encoding: sync_core::wire::Encoding::Identity,
        retry_after_s: None,
        body: b"<html>Please sign in to use this Wi-Fi</html>".to_vec(),
    }
}
