//! The verdict about the received changes of one record.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::authority::{Author, Standing, may_write};
use super::gate::{Checked, History, Rejection, Touched};
use super::{Limits, code};
use crate::chunk::Change;
use crate::document::Document;
use crate::document::schema::OLDEST_ACCEPTED;
use crate::id::{ChangeHash, DeviceId, RecordId};
use crate::record::Zone;
use crate::record::header::{Header, SCHEMA};
use crate::record::review::ReviewState;
use crate::record::view::AnyView;
use crate::wire::enrol::Role;

/// A received change.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// Its name.
    pub hash: ChangeHash,
    /// Its bytes, which passed [`crate::chunk::read_change`].
    pub raw: &'a [u8],
    /// From whom, as the server knows it.
    pub author: Author,
    /// On which device it was written.
    pub device: DeviceId,
    /// There is a copy of that device, which may have written something else in its place.
    pub copied: bool,
    /// Somebody with the power to do so accepted it: whether the author may write there is not asked again. Its form
    /// is.
    pub approved: bool,
}

/// Why a change does not become part of its record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetAside {
    /// It follows changes that are not there.
    Waiting(Vec<ChangeHash>),
    /// A person has to decide.
    Held(&'static str),
    /// It is false.
    Quarantined(&'static str),
    /// It follows a change that was refused, or can't be taken and is nobody's fault.
    Refused(&'static str),
}

/// The verdict.
#[derive(Debug)]
pub struct Judgement {
    /// Changes that become part of the record, in an order in which they can be applied.
    pub accepted: Vec<ChangeHash>,
    /// The others.
    pub set_aside: Vec<(ChangeHash, SetAside)>,
    /// The record with the accepted changes; `None` if there is nothing to read.
    pub document: Option<Document>,
    /// How it reads.
    pub view: Option<AnyView>,
}

/// The published changes of a record don't load: the storage is damaged, or a rule was wrong once. Nothing about
/// the record can be judged until somebody looks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the published changes of the record do not load")]
pub struct Damaged;

/// Judges the received changes of a record, given in the order in which they came. `refused` names the changes of the
/// record that were refused for good: what follows one of them need not wait for it.
///
/// # Errors
/// When the published changes don't load.
pub fn judge(
    id: RecordId,
    published: &[&[u8]],
    refused: &[ChangeHash],
    candidates: &[Candidate<'_>],
    limits: &Limits,
) -> Result<Judgement, Damaged> {
    let (history, log) = History::of(published, limits).map_err(|_| Damaged)?;
    let base = if published.is_empty() { None } else { Some(read(&log.iter().collect::<Vec<_>>()).ok_or(Damaged)?) };
    let refused = refused.iter().copied().collect();
    let (accepted, set_aside) = (Vec::new(), Vec::new());
    let mut bench = Bench { id, published, limits, history, refused, base, log, accepted, set_aside };
    bench.hear(candidates.to_vec());
    let Bench { base, accepted, set_aside, .. } = bench;
    let (document, view) = base.map_or((None, None), |(document, view)| (Some(document), Some(view)));
    Ok(Judgement { accepted: accepted.iter().map(|change| change.hash).collect(), set_aside, document, view })
}

struct Bench<'a> {
    id: RecordId,
    published: &'a [&'a [u8]],
    limits: &'a Limits,
    /// What was said by everything published, accepted, or examined in this round.
    history: History<'a>,
    /// What was refused, before and in this judgement.
    refused: HashSet<ChangeHash>,
    /// The record as it stands with everything accepted so far.
    base: Option<(Document, AnyView)>,
    /// Everything published or accepted.
    log: Vec<Change<'a>>,
    accepted: Vec<Candidate<'a>>,
    set_aside: Vec<(ChangeHash, SetAside)>,
}

impl<'a> Bench<'a> {
    /// Takes up changes whose ancestors are there until no more can be taken up.
    fn hear(&mut self, mut open: Vec<Candidate<'a>>) {
        loop {
            let mut round: Vec<(Candidate<'a>, Checked<'a>)> = Vec::new();
            let mut later = Vec::new();
            let refused_before = self.refused.len();
            for candidate in open {
                match self.examine(&candidate, round.first().map(|(maker, _)| maker)) {
                    Ok(checked) => {
                        self.history.accept(&checked);
                        round.push((candidate, checked));
                    }
                    Err(SetAside::Waiting(missing)) if missing.iter().any(|dep| self.refused.contains(dep)) => {
                        self.set_aside(candidate.hash, SetAside::Refused(code::FOLLOWS_REFUSED));
                    }
                    Err(SetAside::Waiting(missing)) => later.push((candidate, missing)),
                    Err(reason) => self.set_aside(candidate.hash, reason),
                }
            }
            if round.is_empty() && self.refused.len() == refused_before {
                let waiting =
                    later.into_iter().map(|(candidate, missing)| (candidate.hash, SetAside::Waiting(missing)));
                self.set_aside.extend(waiting);
                return;
            }
            if !round.is_empty() {
                self.take(round);
            }
            open = later.into_iter().map(|(candidate, _)| candidate).collect();
        }
    }

    /// Checks form and authority. `maker` is the change that makes the record, if that is part of this round.
    fn examine(&self, candidate: &Candidate<'a>, maker: Option<&Candidate<'a>>) -> Result<Checked<'a>, SetAside> {
        let checked = self.history.check(candidate.raw, self.limits).map_err(|rejection| match rejection {
            Rejection::Waiting(missing) => SetAside::Waiting(missing),
            // The copy has used the number. Nobody is at fault, and nobody can mend it: the person gets the text back.
            Rejection::False(code::SEQUENCE) if candidate.copied => SetAside::Refused(code::SEQUENCE),
            Rejection::False(code) => SetAside::Quarantined(code),
        })?;
        self.authorise(candidate, &checked.touched, maker)?;
        Ok(checked)
    }

    fn authorise(
        &self,
        candidate: &Candidate<'_>,
        touched: &Touched,
        maker: Option<&Candidate<'_>>,
    ) -> Result<(), SetAside> {
        let author = &candidate.author;
        if touched.creates {
            let foreign = touched.zones.iter().any(|zone| matches!(zone, Zone::Office | Zone::Review));
            return if foreign { Err(SetAside::Quarantined(code::AUTHORITY)) } else { Ok(()) };
        }
        if touched.zones.contains(&Zone::Header) {
            return Err(SetAside::Quarantined(code::HEADER));
        }
        if candidate.approved {
            // Verdicts are made at the server. One that a phone wrote can't be let in by accepting an amendment.
            let verdict =
                touched.zones.contains(&Zone::Review) && !matches!(author.role, Role::Reviewer | Role::HqAdmin);
            return if verdict { Err(SetAside::Quarantined(code::AUTHORITY)) } else { Ok(()) };
        }
        let standing = match (&self.base, maker) {
            (Some((_, view)), _) => Standing::of(view.frame()),
            // The record is being made in this round; `try_take` makes sure that its header names the maker.
            (None, Some(Candidate { author: Author { person, office: Some(office), team, .. }, .. })) => {
                Standing { owner: *person, office: *office, team: *team, review: ReviewState::Received }
            }
            (None, _) => return Err(SetAside::Held(code::AUTHORITY)),
        };
        // A part that this version does not know is treated like facts: the owner's app may be newer.
        let unknown = touched.unknown.then_some(Zone::Facts);
        let mut zones = touched.zones.iter().copied().chain(unknown);
        zones.try_for_each(|zone| may_write(author, &standing, zone).map_err(SetAside::Held))
    }

    /// Applies a round of examined changes to a copy; if that fails, one after the other to find the culprit.
    fn take(&mut self, round: Vec<(Candidate<'a>, Checked<'a>)>) {
        if let Ok(taken) = self.try_take(&round) {
            self.base = Some(taken);
            self.keep(round);
            return;
        }
        let log = self.published.iter().copied().chain(self.accepted.iter().map(|change| change.raw));
        self.history = History::of(&log.collect::<Vec<_>>(), self.limits)
            .map_or_else(|_| History::default(), |(history, _)| history);
        for (candidate, checked) in round {
            // What was checked before may have followed what is set aside now.
            let taken = if checked.is_canonical() {
                let maker = self.accepted.first().copied();
                self.examine(&candidate, maker.as_ref()).and_then(|checked| {
                    let alone = [(candidate, checked)];
                    let taken = self.try_take(&alone)?;
                    Ok((alone, taken))
                })
            } else {
                Err(SetAside::Quarantined(code::NON_CANONICAL))
            };
            match taken {
                Ok((alone, taken)) => {
                    alone.iter().for_each(|(_, checked)| self.history.accept(checked));
                    self.base = Some(taken);
                    self.keep(alone);
                }
                Err(reason) => self.set_aside(candidate.hash, reason),
            }
        }
    }

    /// These are part of the record.
    fn keep(&mut self, taken: impl IntoIterator<Item = (Candidate<'a>, Checked<'a>)>) {
        for (candidate, checked) in taken {
            self.log.push(checked.into_change());
            self.accepted.push(candidate);
        }
    }

    fn set_aside(&mut self, change: ChangeHash, reason: SetAside) {
        if matches!(reason, SetAside::Refused(_)) {
            self.refused.insert(change);
        }
        self.set_aside.push((change, reason));
    }

    fn try_take(&self, round: &[(Candidate<'_>, Checked<'_>)]) -> Result<(Document, AnyView), SetAside> {
        let log: Vec<&Change<'_>> = self.log.iter().chain(round.iter().map(|(_, checked)| checked.change())).collect();
        let (document, view) = read_back(&log).ok_or(SetAside::Quarantined(code::UNLOADABLE))?;
        if let (None, Some((maker, _))) = (&self.base, round.first()) {
            self.check_header(maker, &view.frame().header)?;
        }
        Ok((document, view))
    }

    /// Holds the header of a new record against where it came from.
    fn check_header(&self, maker: &Candidate<'_>, header: &Header) -> Result<(), SetAside> {
        if !(OLDEST_ACCEPTED..=SCHEMA).contains(&header.schema) {
            return Err(SetAside::Quarantined(code::SCHEMA));
        }
        if header.id != self.id || header.owner != maker.author.person || header.device != maker.device {
            return Err(SetAside::Quarantined(code::FOREIGN_RECORD));
        }
        // A promoter who was moved meanwhile has made the record for the old office: a person decides.
        let at_home = maker.author.office.is_none_or(|office| office == header.office);
        if maker.approved || at_home && maker.author.team == header.team {
            Ok(())
        } else {
            Err(SetAside::Held(code::AUTHORITY))
        }
    }
}

/// Loads changes that were verified when they were published.
fn read(log: &[&Change<'_>]) -> Option<(Document, AnyView)> {
    unharmed(|| with_view(Document::of_changes(log).ok()?))
}

/// Loads changes, and makes sure that the document can be loaded again and reads the same. Loading it also makes sure
/// that each change has its one canonical form (see [`super::gate`]).
fn read_back(log: &[&Change<'_>]) -> Option<(Document, AnyView)> {
    // A line was loaded from a document already.
    unharmed(|| with_view(Document::of_line(log)?)).or_else(|| {
        unharmed(|| {
            let mut document = Document::by_applying(log).ok()?;
            let mut again = Document::load_bytes(&document.save()).ok()?;
            let view = document.any_view().ok()?;
            (again.any_view().ok()? == view).then_some((document, view))
        })
    })
}

fn with_view(mut document: Document) -> Option<(Document, AnyView)> {
    let view = document.any_view().ok()?;
    Some((document, view))
}

/// Automerge's panics end here, together with the document that they may have damaged.
fn unharmed<T>(load: impl FnOnce() -> Option<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(load)).ok().flatten()
}

#[cfg(test)]
mod tests;
