//! What passed over one phone's line: the journal as it was sent, and every receipt that really arrived.
//!
//! The ledger works the journal's chain out again from the entries that were sent, so a receipt that the server can't
//! honour later is found without believing either side.

use std::collections::BTreeMap;

use minicbor::Decode;
use sync_core::engine::{MAX_ANSWER, Route, WireRequest, WireResponse};
use sync_core::id::{DeviceId, Link, PublicKey};
use sync_core::journal::{Head, Receipt};
use sync_core::wire::enrol::EnrolResponse;
use sync_core::wire::exchange::{ExchangeRequest, ExchangeResponse};
use sync_core::wire::{self, Encoding, MEDIA_TYPE};

/// What passed over one phone's line.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// Who the phone is, since its enrolment.
    pub device: Option<(DeviceId, PublicKey)>,
    /// The chain of the journal as far as it was sent.
    pub chain: BTreeMap<u64, Link>,
    /// Every receipt that arrived.
    pub receipts: Vec<Receipt>,
    /// The last push: sent again, it has to be answered with a receipt for the same head.
    pub last_push: Option<WireRequest>,
    /// The last token.
    pub token: Option<String>,
}

/// A promise that was not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// A receipt is not signed by the server at which the phone enrolled, or is for another device.
    Signature(u64),
    /// A receipt is for a head that the phone's journal never had.
    Head(u64),
    /// The server holds less than it gave a receipt for.
    Forgotten {
        /// For how many lines there is a receipt.
        receipted: u64,
        /// How many lines the server holds.
        held: u64,
    },
}

impl Ledger {
    /// A request leaves the phone; whether it arrives does not matter here.
    pub fn sent(&mut self, request: &WireRequest) {
        if request.route != Route::Exchange {
            return;
        }
        self.token.clone_from(&request.token);
        let message: Option<ExchangeRequest> = read(&request.body.bytes, request.body.encoding);
        let Some(segment) = message.and_then(|message| message.segment) else {
            return;
        };
        let Ok(items) = segment.unpack() else {
            return;
        };
        let before = segment.from.saturating_sub(1);
        let mut head = Head { n: before, link: self.chain.get(&before).copied().unwrap_or(Link::GENESIS) };
        for item in items {
            head = head.after(&item.entry);
            self.chain.insert(head.n, head.link);
        }
        self.last_push = Some(request.clone());
    }

    /// An answer reaches the phone; whether it carries a receipt.
    pub fn received(&mut self, route: Route, response: &WireResponse) -> bool {
        if response.status != 200 || response.media_type != MEDIA_TYPE {
            return false;
        }
        match route {
            Route::Enrol => {
                let answer: Option<EnrolResponse> = read(&response.body, response.encoding);
                let known = answer.map(|answer| (answer.device, answer.server_key));
                self.device = self.device.or(known);
                false
            }
            Route::Exchange => {
                let answer: Option<ExchangeResponse> = read(&response.body, response.encoding);
                let receipt = answer.and_then(|answer| answer.receipt);
                self.receipts.extend(receipt.clone());
                receipt.is_some()
            }
            _ => false,
        }
    }

    /// Holds every receipt against the journal as it was sent and against the head that the server holds now.
    pub fn broken(&self, held: Head) -> Vec<Broken> {
        let mut broken = Vec::new();
        for receipt in &self.receipts {
            let n = receipt.head.n;
            let ours = self.device.is_some_and(|(device, key)| receipt.device == device && receipt.is_signed_by(&key));
            if !ours {
                broken.push(Broken::Signature(n));
            }
            if n > 0 && self.chain.get(&n) != Some(&receipt.head.link) {
                broken.push(Broken::Head(n));
            }
            if held.n < n {
                broken.push(Broken::Forgotten { receipted: n, held: held.n });
            }
        }
        if held.n > 0 && self.chain.get(&held.n) != Some(&held.link) {
            broken.push(Broken::Head(held.n));
        }
        broken
    }
}

fn read<T: for<'b> Decode<'b, ()>>(bytes: &[u8], encoding: Encoding) -> Option<T> {
    wire::decode(bytes, encoding, MAX_ANSWER).ok()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use sync_core::journal::Key;
    use sync_core::time::UnixMillis;

    use super::*;

    #[test]
    fn promises_that_are_not_kept_are_found() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let server = Key::generate(&mut rng);
        let device = DeviceId::new(UnixMillis(1), &mut rng);
        let (one, two) = (Head { n: 1, link: Link([1; 32]) }, Head { n: 2, link: Link([2; 32]) });
        let receipt = |head| server.sign_receipt(device, head, UnixMillis(5), 1, 1);
        let ledger = Ledger {
            device: Some((device, server.public())),
            chain: BTreeMap::from([(1, one.link), (2, two.link)]),
            receipts: vec![receipt(one), receipt(two)],
            ..Ledger::default()
        };
        assert_eq!(ledger.broken(two), []);
        assert_eq!(ledger.broken(one), [Broken::Forgotten { receipted: 2, held: 1 }]);
        assert_eq!(ledger.broken(Head { n: 2, link: Link([9; 32]) }), [Broken::Head(2)]);
        let other = Ledger { receipts: vec![receipt(Head { n: 2, link: one.link })], ..ledger.clone() };
        assert_eq!(other.broken(two), [Broken::Head(2)]);
        let stranger = Key::generate(&mut rng).sign_receipt(device, two, UnixMillis(5), 1, 1);
        assert_eq!(Ledger { receipts: vec![stranger], ..ledger }.broken(two), [Broken::Signature(2)]);
    }
}
