//! Taking refused changes out of their records.

use std::collections::{BTreeMap, BTreeSet};

use super::pull::line_of;
use super::{Engine, EngineError};
use crate::chunk::read_change;
use crate::history::history;
use crate::id::{ChangeHash, RecordId};
use crate::index::Row;
use crate::journal::Entry;
use crate::record::Kind;
use crate::refusal::Refusal;
use crate::store::{BatchLimit, PulledRecord, RefusedRecord, Store};
use crate::time::UnixMillis;
use crate::trust::code;
use crate::wire::exchange::Verdict;
use crate::wire::segment::Item;

type Log = Vec<(ChangeHash, Vec<u8>)>;

/// Verdicts with what they do to records.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) verdicts: Vec<(u64, Verdict)>,
    pub(super) refused: Vec<RefusedRecord>,
    /// What is left of a record can't be read: changes of others are in it that are not the server's.
    pub(super) unread: bool,
}

/// A refusal that is new to this device.
struct News {
    code: String,
    reason: String,
}

impl<S: Store> Engine<S> {
    /// The person has dealt with a refusal; its text is forgotten.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn settle_refusal(&mut self, refusal: &Refusal) -> Result<(), EngineError<S::Error>> {
        self.store.settle_refusal(refusal.record, refusal.change).map_err(EngineError::Store)
    }

    /// Sorts out which verdicts take something out of a record, or put it back: a server that was restored may decide
    /// otherwise the second time. What comes back joins `pulled`.
    pub(super) fn hear_verdicts(
        &self,
        now: UnixMillis,
        verdicts: Vec<(u64, Verdict)>,
        pulled: &mut Vec<PulledRecord>,
    ) -> Result<Heard, EngineError<S::Error>> {
        let mut heard = Heard::default();
        let mut news: BTreeMap<RecordId, BTreeMap<ChangeHash, News>> = BTreeMap::new();
        for (n, verdict) in verdicts {
            let line = match verdict {
                Verdict::Refused { .. } | Verdict::Published => self.line(n)?,
                _ => None,
            };
            let Some(Item { entry, change }) = line else {
                heard.verdicts.push((n, verdict));
                continue;
            };
            let known = self.store.refused(entry.record).map_err(EngineError::Store)?;
            let known = known.iter().find(|(hash, _)| *hash == entry.change).map(|(_, settled)| *settled);
            match (&verdict, known) {
                // The person has dealt with it; nothing is left to be told.
                (Verdict::Refused { .. }, Some(true)) => {
                    heard.verdicts.push((n, Verdict::Published));
                    continue;
                }
                (Verdict::Refused { code, reason }, None) => {
                    let said = News { code: code.clone(), reason: reason.clone() };
                    news.entry(entry.record).or_default().insert(entry.change, said);
                }
                (Verdict::Published, Some(_)) => {
                    if let Some(raw) = change {
                        self.put_back(entry, raw, pulled)?;
                    }
                }
                _ => {}
            }
            heard.verdicts.push((n, verdict));
        }
        for (record, news) in news {
            let (refused, unread) = self.take_out(now, record, news, pulled)?;
            heard.refused.push(refused);
            heard.unread |= unread;
        }
        Ok(heard)
    }

    /// What was refused is not written again under another name: it is among the refusals.
    pub(super) fn leave_refused(&self, tail: &mut Vec<Item>) -> Result<(), EngineError<S::Error>> {
        let records: BTreeSet<RecordId> = tail.iter().map(|item| item.entry.record).collect();
        let mut refused = BTreeSet::new();
        for record in records {
            refused.extend(self.store.refused(record).map_err(EngineError::Store)?.into_iter().map(|(hash, _)| hash));
        }
        tail.retain(|item| !refused.contains(&item.entry.change));
        Ok(())
    }

    fn line(&self, n: u64) -> Result<Option<Item>, EngineError<S::Error>> {
        let Some(before) = n.checked_sub(1) else {
            return Ok(None);
        };
        let items = self.store.outbox(before, BatchLimit { records: 1, bytes: 0 }).map_err(EngineError::Store)?;
        Ok(items.into_iter().next().filter(|item| item.entry.n == n))
    }

    /// The changes of a record as they will be stored once `pulled` is.
    fn log(&self, record: RecordId, pulled: &[PulledRecord]) -> Result<Log, EngineError<S::Error>> {
        let mut log = self.store.changes(record).map_err(EngineError::Store)?;
        for news in pulled.iter().filter(|news| news.id == record) {
            if news.whole {
                log.clear();
            }
            for (hash, raw) in &news.changes {
                if !log.iter().any(|(known, _)| known == hash) {
                    log.push((*hash, raw.clone()));
                }
            }
        }
        Ok(log)
    }

    /// A change that was refused is part of its record after all.
    fn put_back(
        &self,
        entry: Entry,
        raw: Vec<u8>,
        pulled: &mut Vec<PulledRecord>,
    ) -> Result<(), EngineError<S::Error>> {
        let mut log = self.log(entry.record, pulled)?;
        if !log.iter().any(|(hash, _)| *hash == entry.change) {
            log.push((entry.change, raw.clone()));
        }
        let row = line_of(log.iter().map(|(_, raw)| raw.as_slice()));
        pulled.push(PulledRecord { id: entry.record, changes: vec![(entry.change, raw)], whole: false, row });
        Ok(())
    }

    /// Takes refused changes, and everything that follows them, out of a record; also whether the rest can't be read.
    fn take_out(
        &self,
        now: UnixMillis,
        record: RecordId,
        mut news: BTreeMap<ChangeHash, News>,
        pulled: &[PulledRecord],
    ) -> Result<(RefusedRecord, bool), EngineError<S::Error>> {
        let mut log = self.log(record, pulled)?;
        let lines = self.store.lines(record).map_err(EngineError::Store)?;
        let own: BTreeSet<ChangeHash> = lines.iter().map(|line| line.change).collect();
        // Of a record that has left, or of a change that was taken out before, only the journal still has the bytes.
        let mut whole = log.clone();
        for line in lines.iter().filter(|line| news.contains_key(&line.change)) {
            let missing = !whole.iter().any(|(hash, _)| *hash == line.change);
            if let Some(raw) = self.line(line.n)?.and_then(|item| item.change).filter(|_| missing) {
                whole.push((line.change, raw));
            }
        }
        let mut dropped: BTreeSet<ChangeHash> = news.keys().copied().collect();
        // Each stands after the ones that it follows.
        for (hash, raw) in &whole {
            let follows = || read_change(raw).is_ok_and(|frame| frame.deps.iter().any(|dep| dropped.contains(dep)));
            if !dropped.contains(hash) && follows() {
                dropped.insert(*hash);
                let code = code::FOLLOWS_REFUSED.to_owned();
                news.insert(*hash, News { code, reason: String::new() });
            }
        }
        let about = self.about(record, &log)?;
        let fields = history(whole.iter().map(|(_, raw)| raw.as_slice()));
        let mut refusals = Vec::new();
        for line in lines.iter().filter(|line| own.contains(&line.change)) {
            let Some(News { code, reason }) = news.remove(&line.change) else {
                continue;
            };
            refusals.push(Refusal {
                record,
                change: line.change,
                code,
                reason,
                written_at: line.clock.wall,
                refused_at: now,
                kind: about.kind,
                title: about.title.clone(),
                project: about.project,
                fields: fields.iter().filter(|field| field.change == line.change).cloned().collect(),
            });
        }
        log.retain(|(hash, _)| !dropped.contains(hash));
        let row = line_of(log.iter().map(|(_, raw)| raw.as_slice()));
        let unread = row.is_none() && !log.is_empty();
        Ok((RefusedRecord { id: record, dropped: dropped.into_iter().collect(), refusals, row }, unread))
    }

    fn about(&self, record: RecordId, log: &Log) -> Result<About, EngineError<S::Error>> {
        let row = match line_of(log.iter().map(|(_, raw)| raw.as_slice())) {
            Some(row) => Some(row),
            None => self.store.row(record).map_err(EngineError::Store)?,
        };
        Ok(row.map_or_else(About::default, |Row { kind, title, project, .. }| About {
            kind: Some(kind),
            title,
            project,
        }))
    }
}

/// What a person has to know of a record whose text is all that is left.
#[derive(Debug, Default)]
struct About {
    kind: Option<Kind>,
    title: String,
    project: Option<crate::id::ProjectId>,
}
