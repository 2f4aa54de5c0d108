//! Comparing what a phone holds with what its scope holds here, and sending what it lacks.
//!
//! Nothing is remembered between the questions of a phone: each is answered from the read rows as they are. A row
//! that does not count as many changes as are stored is mended from them first.

use std::collections::{BTreeMap, BTreeSet};

use sync_core::ancestry::Ancestry;
use sync_core::chunk::read_change;
use sync_core::digest::{Leaf, RecordLeaf, Short, Side, Tree, bucket};
use sync_core::document::Document;
use sync_core::id::{ActorId, ChangeHash, RecordId};
use sync_core::wire::cursor::Cursor;
use sync_core::wire::digest::{Comparison, Question};
use sync_core::wire::exchange::{ExchangeRequest, ExchangeResponse, GoneReason, News, PullItem, PullLimits};

use super::exchange::packed;
use super::projector::record_row;
use super::rebuild::put_right;
use crate::error::ServiceError;
use crate::scope;
use crate::state::App;
use crate::store::rebuild::Remade;
use crate::store::{Device, PendingRecord, Person, StoreError};

/// Scopes with more records are not compared: such a scope is head quarters', and no phone holds that.
const LARGEST_SCOPE: u32 = 50_000;
/// Up to so many records on both sides the buckets are passed over.
const FEW_RECORDS: u32 = 64;
/// So many rows are mended while a phone waits.
const MENDED_AT_ONCE: usize = 100;
/// Records of a phone that are not in its scope are looked up one by one, so many at once.
const STRANGERS_AT_ONCE: usize = 200;

/// Answers a phone's question about what it holds, if this exchange brought it no news.
///
/// # Errors
/// When the database fails.
pub(super) async fn compare(
    app: &App,
    device: &Device,
    request: &ExchangeRequest,
    response: &mut ExchangeResponse,
) -> Result<(), ServiceError> {
    let Some(question) = &request.digest else {
        return Ok(());
    };
    let person = &device.person;
    let news = request.segment.is_some()
        || response.resend_from.is_some()
        || response.more
        || !response.pull.is_empty()
        || response.baseline.is_some()
        || response.rewound_to.is_some();
    let cursor = request.cursor.filter(|cursor| is_current(app, person, *cursor));
    let (Some(cursor), false) = (cursor, news) else {
        response.digest = Some(Comparison::Later);
        return Ok(());
    };
    let rows = app.store.scope_heads(&scope::records_of(person), LARGEST_SCOPE + 1).await?;
    if rows.len() > LARGEST_SCOPE as usize {
        return Ok(());
    }
    // What was published after the phone read the feed is news and not drift.
    if rows.iter().any(|row| row.seq > cursor.seq) {
        response.digest = Some(Comparison::Later);
        return Ok(());
    }
    let mut tree = Tree::default();
    let mut mended = 0;
    for row in rows {
        let leaf = if row.whole {
            Leaf::of(row.record, &row.heads)
        } else if mended < MENDED_AT_ONCE {
            mended += 1;
            mend(app, row.record).await?
        } else {
            Leaf::broken(row.record, Side::Server)
        };
        tree.insert(row.record, leaf);
    }
    response.digest = Some(match question {
        Question::Root(theirs) if *theirs == tree.root() => {
            app.store.digest_obeyed(device.id).await?;
            Comparison::Same
        }
        Question::Root(theirs) => {
            metrics::counter!("daybook_drift_found_total").increment(1);
            tracing::warn!(device = %device.id, "a phone and the server don't hold the same");
            let few = theirs.count.max(tree.root().count) <= FEW_RECORDS;
            if few { Comparison::SendRecords((0..=u8::MAX).collect()) } else { Comparison::SendBuckets }
        }
        Question::Buckets(theirs) => Comparison::SendRecords(tree.differing(theirs)),
        Question::Records { buckets, leaves } => {
            app.store.digest_obeyed(device.id).await?;
            let mut repair = Repair::new(app, person, request.limits);
            repair.find(&tree, buckets, leaves).await?;
            repair.finish(response).await?
        }
    });
    Ok(())
}

fn is_current(app: &App, person: &Person, cursor: Cursor) -> bool {
    cursor.epoch == app.epoch && cursor.scope_version == person.scope_version && cursor.since.is_none()
}

/// Makes a record's row anew from its changes; what is to be said about it then.
async fn mend(app: &App, id: RecordId) -> Result<Leaf, ServiceError> {
    match app.store.record(id).await {
        Ok(record) => mend_record(app, &record).await,
        Err(StoreError::NotFound) => Ok(Leaf::broken(id, Side::Server)),
        Err(error) => Err(error.into()),
    }
}

async fn mend_record(app: &App, record: &PendingRecord) -> Result<Leaf, ServiceError> {
    let broken = Leaf::broken(record.id, Side::Server);
    let named = record.published.iter().map(|change| (change.hash, change.raw.as_slice()));
    let heads = Ancestry::of(named).heads().filter(|heads| !heads.is_empty());
    let document = Document::load(record.published.iter().map(|change| change.raw.as_slice()));
    let (Some(heads), Ok(mut document)) = (heads, document) else {
        tracing::error!(record = %record.id, "published changes of a record are missing; phones are asked for them");
        return Ok(broken);
    };
    let Ok(view) = document.any_view() else {
        return Ok(broken);
    };
    tracing::warn!(record = %record.id, "the row of a record did not fit its changes and was made anew");
    let changes = u32::try_from(record.published.len()).unwrap_or(u32::MAX);
    let row = record_row(record, &view);
    put_right(app, &mut [Remade { row, changes, seq: record.base_seq, standing: None }]).await?;
    Ok(Leaf::of(record.id, &heads))
}

/// What a phone is sent so that it holds what its scope does.
struct Repair<'a> {
    app: &'a App,
    person: &'a Person,
    records_left: usize,
    bytes_left: usize,
    pull: Vec<PullItem>,
    whole: Vec<RecordId>,
    wanted: Vec<RecordId>,
    refused: Vec<ChangeHash>,
    actors: BTreeSet<ActorId>,
    more: bool,
}

impl<'a> Repair<'a> {
    fn new(app: &'a App, person: &'a Person, limits: PullLimits) -> Self {
        let records = usize::try_from(limits.records.clamp(1, 1_000)).unwrap_or(1);
        let bytes = usize::try_from(limits.bytes.clamp(64 * 1024, 4 * 1024 * 1024)).unwrap_or(64 * 1024);
        Self {
            app,
            person,
            records_left: records,
            bytes_left: bytes,
            pull: Vec::new(),
            whole: Vec::new(),
            wanted: Vec::new(),
            refused: Vec::new(),
            actors: BTreeSet::new(),
            more: false,
        }
    }

    async fn find(&mut self, tree: &Tree, buckets: &[u8], theirs: &[RecordLeaf]) -> Result<(), ServiceError> {
        let asked: BTreeSet<u8> = buckets.iter().copied().collect();
        let buckets: Vec<u8> = asked.iter().copied().collect();
        let theirs: BTreeMap<RecordId, Short> = theirs
            .iter()
            .filter(|theirs| asked.contains(&bucket(theirs.record)))
            .map(|theirs| (theirs.record, theirs.leaf))
            .collect();
        let ours = tree.records(&buckets);
        for RecordLeaf { record, leaf } in &ours {
            if theirs.get(record) != Some(leaf) && !self.send(*record).await? {
                return Ok(());
            }
        }
        let strangers = theirs.iter().filter(|(record, _)| tree.leaf(**record).is_none());
        for (at, (record, leaf)) in strangers.enumerate() {
            if at >= STRANGERS_AT_ONCE {
                self.more = true;
                return Ok(());
            }
            self.look_up(*record, *leaf).await?;
        }
        Ok(())
    }

    /// Sends a record of the scope whole; false if nothing more fits.
    async fn send(&mut self, id: RecordId) -> Result<bool, ServiceError> {
        let record = match self.app.store.record(id).await {
            Ok(record) => record,
            Err(StoreError::NotFound) => {
                self.wanted.push(id);
                return Ok(true);
            }
            Err(error) => return Err(error.into()),
        };
        let bytes: usize = record.published.iter().map(|change| change.raw.len()).sum();
        if self.records_left == 0 || bytes > self.bytes_left && !self.whole.is_empty() {
            self.more = true;
            return Ok(false);
        }
        self.records_left -= 1;
        self.bytes_left = self.bytes_left.saturating_sub(bytes);
        self.whole.push(id);
        self.refused.extend(&record.refused);
        let frames = record.published.iter().filter_map(|change| read_change(&change.raw).ok());
        self.actors.extend(frames.map(|frame| frame.actor));
        self.pull.push(PullItem { record: id, news: News::Changes(packed(id, &record.published)) });
        Ok(true)
    }

    /// A record that the phone holds and its scope does not: it has left the scope, or was lost here.
    async fn look_up(&mut self, id: RecordId, theirs: Short) -> Result<(), ServiceError> {
        let line = match self.app.store.record_line(id).await {
            Ok(line) => Some(line),
            Err(StoreError::NotFound) => self.recover(id).await?,
            Err(error) => return Err(error.into()),
        };
        match line.filter(|line| line.organisation == self.person.organisation) {
            // Here, and in no scope of others' business: it is asked for like one that nobody has heard of.
            None => self.wanted.push(id),
            Some(line) if scope::sees(self.person, &line) => {
                self.send(id).await?;
            }
            Some(line) if Leaf::of(id, &line.heads).short() == theirs => {
                self.pull.push(PullItem { record: id, news: News::Gone(GoneReason::Reassigned) });
            }
            // The phone may hold what was lost here: it offers that before it is told to let go.
            Some(_) => self.wanted.push(id),
        }
        Ok(())
    }

    /// The line of a record whose changes are all here.
    async fn recover(&self, id: RecordId) -> Result<Option<crate::store::RecordLine>, ServiceError> {
        let record = match self.app.store.record(id).await {
            Ok(record) if !record.published.is_empty() => record,
            Ok(_) | Err(StoreError::NotFound) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        mend_record(self.app, &record).await?;
        match self.app.store.record_line(id).await {
            Ok(line) => Ok(Some(line)),
            Err(StoreError::NotFound) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn finish(self, response: &mut ExchangeResponse) -> Result<Comparison, ServiceError> {
        let actors: Vec<ActorId> = self.actors.into_iter().collect();
        if !actors.is_empty() {
            response.authors = self.app.store.authors(&actors).await?;
        }
        response.pull = self.pull;
        let Self { whole, wanted, more, refused, .. } = self;
        Ok(Comparison::Repair { whole, wanted, more, refused })
    }
}
