//! A server that knows many devices and keeps the journal of each: enough of the protocol to see what becomes of phones
//! that are not who they were. A clone of it is a backup.

use std::collections::{BTreeMap, BTreeSet};

use crate::chunk::read_change;
use crate::document::Document;
use crate::engine::{Route, WireRequest, WireResponse};
use crate::id::{ActorId, ChangeHash, DeviceId, OfficeId, OrganisationId, PersonId, PublicKey, RecordId};
use crate::journal::{Head, Key, verify_challenge, verify_enrolment, verify_reidentification};
use crate::record::view::AnyView;
use crate::time::UnixMillis;
use crate::trust::code;
use crate::wire::enrol::{EnrolRequest, EnrolResponse, Profile, ReidentifyRequest, Role, TokenRequest, TokenResponse};
use crate::wire::exchange::{Backlog, ExchangeRequest, ExchangeResponse, ItemVerdict, Order, Verdict};
use crate::wire::problem;
use crate::wire::segment::{Item, follow};

use super::fake_server::{decode, ok, refusal};

const NONCE: &[u8] = b"challenge";

/// A device as the server knows it.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) key: PublicKey,
    pub(super) replaces: Option<DeviceId>,
    pub(super) journal: Vec<Item>,
    head: Head,
    pub(super) forked: bool,
    /// Cut off from this line on.
    pub(super) revoked: Option<usize>,
    pub(super) wipe: bool,
    pub(super) wiped: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Registry {
    key: Key,
    pub(super) devices: BTreeMap<DeviceId, Known>,
    codes: BTreeMap<String, (PublicKey, DeviceId)>,
}

impl Registry {
    pub(super) fn new() -> Self {
        Self { key: Key::from_seed([3; 32]), devices: BTreeMap::new(), codes: BTreeMap::new() }
    }

    pub(super) fn revoke(&mut self, device: DeviceId) {
        let known = self.devices.get_mut(&device).unwrap();
        known.revoked.get_or_insert(known.journal.len());
    }

    pub(super) fn order_wipe(&mut self, device: DeviceId) {
        self.revoke(device);
        self.devices.get_mut(&device).unwrap().wipe = true;
    }

    /// How many lines all journals hold together.
    pub(super) fn lines(&self) -> usize {
        self.devices.values().map(|known| known.journal.len()).sum()
    }

    /// What is in quarantine because its device was cut off.
    pub(super) fn quarantined(&self) -> usize {
        self.devices.values().filter_map(|known| Some(known.journal.len() - known.revoked?)).sum()
    }

    /// As whom a phone began.
    fn first(&self, device: DeviceId) -> DeviceId {
        self.devices[&device].replaces.map_or(device, |former| self.first(former))
    }

    /// The records as all that arrived makes them, whoever sent it. Checks that nobody's numbers collide.
    pub(super) fn records(&self) -> BTreeMap<RecordId, AnyView> {
        let mut owners: BTreeMap<ActorId, DeviceId> = BTreeMap::new();
        let mut changes: BTreeMap<RecordId, BTreeMap<ChangeHash, Vec<u8>>> = BTreeMap::new();
        let mut numbers = BTreeSet::new();
        for (device, known) in &self.devices {
            for item in &known.journal {
                let raw = item.change.clone().unwrap();
                let frame = read_change(&raw).unwrap();
                let first = self.first(*device);
                assert_eq!(*owners.entry(frame.actor).or_insert(first), first, "an actor belongs to one phone");
                let first = numbers.insert((item.entry.record, frame.actor, frame.seq));
                assert!(first, "an actor uses a number once");
                let known = changes.entry(item.entry.record).or_default().insert(item.entry.change, raw);
                assert_eq!(known, None, "nothing comes twice");
            }
        }
        let read = |log: BTreeMap<ChangeHash, Vec<u8>>| {
            let mut document = Document::load(log.values().map(Vec::as_slice)).unwrap();
            assert_eq!(document.missing(), []);
            document.any_view().unwrap()
        };
        changes.into_iter().map(|(record, log)| (record, read(log))).collect()
    }

    pub(super) fn answer(&mut self, request: &WireRequest) -> WireResponse {
        match request.route {
            Route::Enrol => self.enrol(&decode(request)),
            Route::Token => self.give_token(&decode(request)),
            Route::Exchange | Route::Reidentify => {
                let token = request.token.as_deref().unwrap();
                let Some(device) = self.devices.keys().copied().find(|device| token == bearer(*device)) else {
                    return refusal(404, problem::code::UNKNOWN_DEVICE);
                };
                match request.route {
                    Route::Exchange => self.exchange(device, &decode(request)),
                    _ => self.reidentify(device, &decode(request)),
                }
            }
        }
    }

    fn make(&mut self, key: PublicKey, replaces: Option<DeviceId>) -> DeviceId {
        // Another one in each life of the server, like real ones.
        let device = DeviceId::from(<[u8; 16]>::try_from(&key.0[..16]).unwrap());
        let revoked = replaces.filter(|old| self.devices[old].revoked.is_some()).map(|_| 0);
        let wipe = replaces.is_some_and(|old| self.devices[&old].wipe);
        let (journal, head) = (Vec::new(), Head::EMPTY);
        let known = Known { key, replaces, journal, head, forked: false, revoked, wipe, wiped: false };
        self.devices.insert(device, known);
        device
    }

    fn known(&self, device: DeviceId) -> WireResponse {
        ok(&EnrolResponse { device, server_key: self.key.public(), profile: profile() })
    }

    fn enrol(&mut self, request: &EnrolRequest) -> WireResponse {
        assert!(verify_enrolment(&request.key, &request.code, &request.proof));
        match self.codes.get(&request.code) {
            Some((key, device)) if *key == request.key => self.known(*device),
            Some(_) => refusal(403, problem::code::ENROL_CODE),
            None => {
                let device = self.make(request.key, None);
                self.codes.insert(request.code.clone(), (request.key, device));
                self.known(device)
            }
        }
    }

    fn give_token(&self, request: &TokenRequest) -> WireResponse {
        let Some(known) = self.devices.get(&request.device) else {
            return refusal(404, problem::code::UNKNOWN_DEVICE);
        };
        let good = request.nonce == NONCE && verify_challenge(&known.key, request.device, NONCE, &request.signature);
        let token = good.then(|| bearer(request.device));
        ok(&TokenResponse { token, lifetime_ms: 900_000, nonce: NONCE.to_vec() })
    }

    fn reidentify(&mut self, old: DeviceId, request: &ReidentifyRequest) -> WireResponse {
        assert!(verify_reidentification(&request.key, old, &request.proof));
        let made = self.devices.iter().find(|(_, known)| known.replaces == Some(old) && known.key == request.key);
        let device = match made.map(|(device, _)| *device) {
            Some(device) => device,
            None => self.make(request.key, Some(old)),
        };
        self.devices.get_mut(&old).unwrap().forked = true;
        self.known(device)
    }

    fn exchange(&mut self, device: DeviceId, request: &ExchangeRequest) -> WireResponse {
        let known = self.devices.get_mut(&device).unwrap();
        let mut response = ExchangeResponse { next_sync_after_ms: 900_000, ..ExchangeResponse::default() };
        if known.revoked.is_some() {
            response.orders.push(Order::Deposit);
        }
        if request.wiped {
            known.wiped = true;
            return ok(&response);
        }
        let link = known.head_at(request.acknowledged);
        match &request.segment {
            _ if request.acknowledged > known.head.n => response.resend_from = Some(known.head.n + 1),
            _ if request.acknowledged_link != Some(link.link) => response.resend_from = Some(1),
            Some(segment) => {
                assert!(segment.head.is_signed_by(device, &known.key, &segment.signature));
                let items = segment.unpack().unwrap();
                let held = items.iter().filter(|item| item.entry.n <= known.head.n).count();
                let (again, fresh) = items.split_at(held);
                let same = |item: &&Item| item.entry == known.journal[index(item.entry.n)].entry;
                let agreed = again.iter().take_while(same).count();
                if known.forked || agreed < again.len() {
                    response.orders.push(Order::Reidentify);
                    response.common_through = segment.from - 1 + agreed as u64;
                    return ok(&response);
                }
                if !fresh.is_empty() {
                    known.head = follow(known.head, fresh, segment.head).unwrap();
                    known.journal.extend_from_slice(fresh);
                }
                let receipt = self.key.sign_receipt(device, segment.head, UnixMillis(0), 1, 0);
                response.receipt = Some(receipt);
            }
            None if known.forked || request.acknowledged < known.head.n => {
                response.orders.push(Order::Reidentify);
                response.common_through = request.acknowledged;
                return ok(&response);
            }
            None if known.wipe && request.backlog == Backlog::default() => response.orders.push(Order::Wipe),
            None => {}
        }
        response.published_through = known.head.n;
        if let Some(cut) = known.revoked {
            let verdict = |item: &Item| ItemVerdict {
                n: item.entry.n,
                verdict: Verdict::Quarantined { code: code::DEVICE_REVOKED.to_owned() },
            };
            response.verdicts = known.journal[cut..].iter().map(verdict).collect();
        }
        ok(&response)
    }
}

impl Known {
    fn head_at(&self, n: u64) -> Head {
        self.journal.iter().take(index(n + 1)).fold(Head::EMPTY, |head, item| head.after(&item.entry))
    }
}

fn index(n: u64) -> usize {
    usize::try_from(n - 1).unwrap()
}

fn bearer(device: DeviceId) -> String {
    format!("token of {device}")
}

fn profile() -> Profile {
    Profile {
        version: 1,
        organisation: OrganisationId::from([1; 16]),
        person: PersonId::from([2; 16]),
        name: "promoter".to_owned(),
        role: Role::Promoter,
        office: OfficeId::from([3; 16]),
        office_name: "office".to_owned(),
        team: None,
        team_name: None,
        projects: Vec::new(),
    }
}
