//! Changes that people make at the server: composed on the published record, judged by the same rules as a phone's,
//! and published at once.

use sync_core::chunk::read_change;
use sync_core::document::{Document, EditError, NewChange};
use sync_core::id::{ActorId, ChangeHash, DeviceId, RecordId};
use sync_core::record::view::AnyView;
use sync_core::time::UnixMillis;
use sync_core::trust::judge::{Candidate, SetAside, judge};

use super::projector::{author_of, record_row};
use super::publishing::publish;
use crate::error::{ServiceError, codes};
use crate::state::App;
use crate::store::{PendingRecord, Person, Publication, Published, StaffChange};

/// How often a change is composed anew because the record changed meanwhile.
const ATTEMPTS: u32 = 8;

/// Composes a change on the published record and publishes it. `compose` may run several times, each time on a
/// newer record; it gets the view and the heads to decide on. `Ok(None)` from it means that nothing is to be done.
pub(super) async fn publish_change(
    app: &App,
    who: &Person,
    id: RecordId,
    compose: impl Fn(&mut Document, &AnyView, ActorId, UnixMillis) -> Result<Option<NewChange>, ServiceError>,
) -> Result<(), ServiceError> {
    for _ in 0..ATTEMPTS {
        let now = app.clock.now();
        // Each change has an actor of its own: a database that was restored, or lost the last seconds in a failover, never
        // sees a sequence number twice, and what phones still hold of the lost ones can be adopted.
        let actor = app.dice.roll(ActorId::random);
        let record = app.store.record(id).await.map_err(|error| error.missing(codes::RECORD_NOT_FOUND))?;
        let Some(publication) = compose_publication(app, who, &record, actor, now, &compose)? else {
            return Ok(());
        };
        let published = publish(app, &mut [publication]).await?;
        if let [Published::At(_)] = published.as_slice() {
            return Ok(());
        }
    }
    Err(codes::BUSY.into())
}

fn compose_publication(
    app: &App,
    who: &Person,
    record: &PendingRecord,
    actor: ActorId,
    now: UnixMillis,
    compose: &impl Fn(&mut Document, &AnyView, ActorId, UnixMillis) -> Result<Option<NewChange>, ServiceError>,
) -> Result<Option<Publication>, ServiceError> {
    let published: Vec<&[u8]> = record.published.iter().map(|change| change.raw.as_slice()).collect();
    let mut document = Document::load(published.iter().copied()).map_err(ServiceError::internal)?;
    let view = document.any_view().map_err(ServiceError::internal)?;
    let Some(change) = compose(&mut document, &view, actor, now)? else {
        return Ok(None);
    };
    let candidate = Candidate {
        hash: change.hash,
        raw: &change.bytes,
        author: author_of(who),
        device: DeviceId(uuid::Uuid::nil()),
        copied: false,
        approved: false,
    };
    let judgement = judge(record.id, &published, &record.refused, &[candidate], &app.config.limits.records)
        .map_err(ServiceError::internal)?;
    if let Some((_, reason)) = judgement.set_aside.first() {
        return Err(match reason {
            SetAside::Held(code) => ServiceError::from(codes::RECORD_CLOSED).detail(*code),
            other => ServiceError::internal(format!("a change made here was not accepted: {other:?}")),
        });
    }
    let frame = read_change(&change.bytes).map_err(ServiceError::internal)?;
    let row = judgement.view.map(|view| record_row(record, &view));
    Ok(Some(Publication {
        id: record.id,
        organisation: record.organisation,
        base_seq: record.base_seq,
        decided: record.decided,
        published: Vec::new(),
        staff: vec![StaffChange { hash: change.hash, actor, actor_seq: frame.seq, person: who.id, raw: change.bytes }],
        set_aside: Vec::new(),
        left: Vec::new(),
        row,
    }))
}

/// Refuses what rests on another version of the record than the present one. `None` rests on none.
///
/// # Errors
/// [`codes::STALE`].
pub(super) fn still_as_seen(present: &AnyView, seen: Option<&[ChangeHash]>) -> Result<(), ServiceError> {
    match seen {
        Some(seen) if present.frame().heads != seen => Err(codes::STALE.into()),
        _ => Ok(()),
    }
}

/// A field that can't take its value, as an answer to the person who typed it.
pub(super) fn edit_failed(error: EditError) -> ServiceError {
    match error {
        EditError::Field(error) => ServiceError::from(codes::FIELD).detail(error.to_string()),
        EditError::Document(error) => ServiceError::internal(error),
    }
}
