//! Devices that enrol properly and then send nothing but false changes, in valid journals, as fast as they can.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use sync_core::chunk;
use sync_core::id::RecordId;
use sync_core::journal::{Head, Key};
use sync_core::time::{BootId, ClockReading, UnixMillis};
use sync_core::wire::segment::{Payload, Segment, WireEntry};
use sync_core::wire::{self, Body, Encoding};

use crate::failure::Failure;
use crate::hostile::{Class, Mould, MouldError, noise};
use crate::raw_device::{Answer, RawDevice};

/// False changes in one message.
const BATCH: usize = 100;
/// Leads of an attacker to which its changes go.
const LEADS: usize = 20;
/// Every so many messages one comes that is no message.
const BAD_MESSAGES: usize = 10;

/// How the server answered, counted over all attackers.
#[derive(Debug, Default)]
pub struct Answers {
    /// False changes that the server has taken in, or refused together with their message for what they are.
    pub changes: AtomicU64,
    /// Answers 5xx that are not "busy", and connections that broke.
    pub failures: AtomicU64,
    /// Messages refused because the device is over its budget, or the server busy.
    pub throttled: AtomicU64,
}

/// A device that attacks.
#[derive(Debug)]
pub struct Attacker {
    device: RawDevice,
    moulds: Vec<(RecordId, Mould)>,
    /// The contents of false changes, with the record they are for.
    arsenal: Vec<(usize, Vec<u8>)>,
    bomb: Body,
    head: Head,
    sent: usize,
    messages: usize,
}

impl Attacker {
    /// Enrols, writes honest leads, and makes so many false changes of all classes in turn.
    ///
    /// # Errors
    /// When the server refuses the honest part.
    pub fn enrol(base: &str, code: &str, seed: u64, changes: usize) -> Result<Self, Failure> {
        let mut device = RawDevice::enrol(base, code, seed)?;
        for n in 0..LEADS {
            device.save_lead(&format!("甲{n}"))?;
        }
        device.push(0)?;
        let actor = device.actor();
        let mould = |item: &sync_core::wire::segment::Item| {
            let first = item.change.as_deref().unwrap_or_default();
            Ok((item.entry.record, Mould::of(first, actor).map_err(odd)?))
        };
        let moulds: Vec<(RecordId, Mould)> = device.journal.iter().map(mould).collect::<Result<_, Failure>>()?;
        let mut arsenal = Vec::with_capacity(changes);
        for number in 0..changes {
            let class = class_of(number);
            let lead = number % LEADS;
            arsenal.push((lead, moulds[lead].1.cast(class, seed << 32 | number as u64).map_err(odd)?));
        }
        let head = device.head();
        let bomb = wire::encode(&"0".repeat(80 << 20));
        Ok(Self { device, moulds, arsenal, bomb, head, sent: 0, messages: 0 })
    }

    /// Whether it has changes left.
    pub fn has_more(&self) -> bool {
        self.sent < self.arsenal.len()
    }

    /// How many changes of each class it has sent.
    pub fn sent(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for number in 0..self.sent {
            *counts.entry(format!("{:?}", class_of(number))).or_insert(0) += 1;
        }
        counts
    }

    /// Sends the next message; false if the server asks it to come later.
    ///
    /// # Errors
    /// When no message can be made.
    pub fn strike(&mut self, answers: &Answers) -> Result<bool, Failure> {
        self.messages += 1;
        if self.messages.is_multiple_of(BAD_MESSAGES) {
            let (body, lines) = self.bad_message()?;
            let answer = self.device.wire.message("/sync/v1/exchange", Some(&self.device.token), &body);
            self.sent += lines;
            return Ok(self.count(answer, lines, answers));
        }
        let (segment, head, lines) = self.segment();
        let acknowledged = self.head.n;
        let answer = self.device.send(&self.device.request(Some(segment), acknowledged));
        let received = answer.as_ref().is_ok_and(|answer| answer.status == 200);
        if received {
            self.head = head;
            self.sent += lines;
        }
        Ok(self.count(answer, lines, answers))
    }

    fn count(&self, answer: Result<Answer, Failure>, lines: usize, answers: &Answers) -> bool {
        let add = |counter: &AtomicU64, n: usize| counter.fetch_add(n as u64, Ordering::Relaxed);
        match answer {
            Err(_) => drop(add(&answers.failures, 1)),
            Ok(answer) => match (answer.status, answer.code().as_str()) {
                (429, _) | (503, "server.busy") => {
                    add(&answers.throttled, 1);
                    return false;
                }
                (500.., _) => drop(add(&answers.failures, 1)),
                _ => drop(add(&answers.changes, lines)),
            },
        }
        true
    }

    /// The next false changes in a valid journal.
    fn segment(&self) -> (Segment, Head, usize) {
        let batch = &self.arsenal[self.sent..(self.sent + BATCH).min(self.arsenal.len())];
        let mut head = self.head;
        let entries = batch
            .iter()
            .map(|(lead, contents)| {
                let packed = [&[0][..], contents].concat();
                let clock = ClockReading { wall: UnixMillis(0), mono_ms: 0, boot: BootId(1) };
                if let Ok((hash, _)) = chunk::unpack(&packed, None) {
                    head = head.append(self.moulds[*lead].0, hash, clock).1;
                }
                let record = u32::try_from(*lead).unwrap_or(0);
                WireEntry { record, boot: 0, wall_delta: 0, mono_delta: 0, payload: Payload::Packed(packed) }
            })
            .collect();
        let records = self.moulds.iter().map(|(id, _)| *id).collect();
        let signature = self.device.key.sign_head(self.device.id, &head);
        let segment = Segment { from: self.head.n + 1, records, boots: vec![BootId(1)], entries, head, signature };
        (segment, head, batch.len())
    }

    /// A message that is cut, forged, a bomb, or noise. The lines that it would have brought are not sent again.
    fn bad_message(&self) -> Result<(Body, usize), Failure> {
        let (mut segment, _, lines) = self.segment();
        let number = self.messages as u64;
        Ok(match self.messages / BAD_MESSAGES % 5 {
            0 => {
                let whole = wire::encode(&self.device.request(Some(segment), self.head.n));
                let half = whole.bytes.len() / 2;
                (Body { bytes: whole.bytes[..half].to_vec(), ..whole }, lines)
            }
            1 => {
                let stranger = Key::from_seed([number as u8; 32]);
                segment.signature = stranger.sign_head(self.device.id, &segment.head);
                (wire::encode(&self.device.request(Some(segment), self.head.n)), lines)
            }
            2 => {
                // Signed, and not where the lines lead.
                segment.head.n += 1;
                segment.signature = self.device.key.sign_head(self.device.id, &segment.head);
                (wire::encode(&self.device.request(Some(segment), self.head.n)), lines)
            }
            3 => (self.bomb.clone(), 0),
            _ => (Body { encoding: Encoding::Gzip, bytes: noise(number, 10_000) }, 0),
        })
    }
}

fn odd(error: MouldError) -> Failure {
    Failure::Unexpected(error.to_string())
}

/// The classes in turn; of the large ones fewer, because one of them is as heavy as a hundred others.
fn class_of(number: usize) -> Class {
    let class = Class::ALL[number % Class::ALL.len()];
    let heavy = [Class::LongString, Class::HugeString, Class::ManyOperations, Class::DeepNesting];
    if heavy.contains(&class) && !(number / Class::ALL.len()).is_multiple_of(40) { Class::UnknownObject } else { class }
}
