//! Publishing what was judged, with its flags, and saying so to whoever has a page open.

use std::collections::{BTreeSet, HashMap};

use sync_core::id::OrganisationId;

use super::events::{News, Topic};
use super::flags::{Looked, look_again, raise_all};
use crate::error::ServiceError;
use crate::flag::rules::Jump;
use crate::flag::sighting::Opening;
use crate::state::App;
use crate::store::{Appended, NewLine, Publication, Published, Push, RecordRow};

/// Publishes, with the flags that the records raise at this moment; what became of each stands in the same order.
///
/// # Errors
/// When the database fails; nothing is published then.
pub(super) async fn publish(app: &App, publications: &mut [Publication]) -> Result<Vec<Published>, ServiceError> {
    let mut rows: Vec<&mut RecordRow> = publications.iter_mut().filter_map(|it| it.row.as_mut()).collect();
    let looked = raise_all(app, &mut rows).await?;
    let published = app.store.publish(publications, app.salt, app.clock.now()).await?;
    let mut behind: HashMap<OrganisationId, u64> = HashMap::new();
    for (publication, answer) in publications.iter().zip(&published) {
        if let Published::At(seq) = answer
            && publication.row.is_some()
        {
            // Positions follow each other.
            let before = behind.entry(publication.organisation).or_insert(u64::MAX);
            *before = seq.saturating_sub(1).min(*before);
        }
    }
    if !behind.is_empty() {
        looked.see_to_thresholds(app).await;
    }
    behind.retain(|organisation, before| looked.missed(*organisation, *before));
    if !behind.is_empty() {
        let done = publications.iter_mut().zip(&published).filter(|(_, answer)| **answer != Published::Stale);
        let rows = done.filter_map(|(publication, _)| publication.row.as_mut());
        look_again(app, rows.filter(|row| behind.contains_key(&row.organisation)).collect()).await;
    }
    let done = publications.iter().zip(&published).filter(|(_, answer)| **answer != Published::Stale);
    app.events.tell(done.flat_map(|(publication, _)| news(publication)).collect::<BTreeSet<_>>());
    Ok(published)
}

/// Raises the flags of what was judged on arrival and is about to be published with its lines. If that is not possible,
/// everything is stored as received, and judged in its turn.
pub(super) async fn prepare(app: &App, pushes: &mut [Push]) -> Looked {
    pushes.iter_mut().for_each(measure_clocks);
    let judged = pushes.iter_mut().flat_map(|push| &mut push.judged);
    let mut rows: Vec<&mut RecordRow> = judged.filter_map(|publication| publication.row.as_mut()).collect();
    raise_all(app, &mut rows).await.unwrap_or_else(|error| {
        tracing::warn!(code = error.code.name, cause = ?error.internal, "flags of what came could not be raised; it waits");
        pushes.iter_mut().for_each(|push| push.judged.clear());
        Looked::default()
    })
}

/// Looks again around what was published with pushes, where something else was published since it was prepared.
pub(super) async fn see_to_flags(app: &App, looked: &Looked, pushes: &mut [Push], answers: &[Appended]) {
    looked.see_to_thresholds(app).await;
    let stored = pushes.iter_mut().zip(answers).filter(|(push, answer)| {
        matches!(answer, Appended::Stored { seq, published: 1.., .. } if looked.missed(push.organisation, *seq))
    });
    let rows: Vec<_> = stored.flat_map(|(push, _)| &mut push.judged).filter_map(|it| it.row.as_mut()).collect();
    if !rows.is_empty() {
        look_again(app, rows).await;
    }
}

/// Says what was published with pushes that were stored.
pub(super) fn tell(app: &App, pushes: &[Push], answers: &[Appended]) {
    let stored = pushes.iter().zip(answers).filter(|(_, answer)| matches!(answer, Appended::Stored { .. }));
    app.events.tell(stored.flat_map(|(push, _)| &push.judged).flat_map(news).collect::<BTreeSet<_>>());
}

/// Compares the clocks of a push's lines, which are in no table yet.
fn measure_clocks(push: &mut Push) {
    let Push { device, lines, judged, .. } = push;
    let jump = |pair: &[NewLine]| match pair {
        [before, after] => Jump::between(before.entry.clock, after.entry.clock, after.entry.n),
        _ => None,
    };
    for publication in judged {
        let Some(row) = &mut publication.row else { continue };
        let own = |line: &NewLine| line.entry.record == publication.id;
        row.seen.jumps = lines.windows(2).filter(|pair| pair.last().is_some_and(own)).filter_map(jump).collect();
        row.seen.opening = lines.first().filter(|line| own(line)).map(|line| Opening {
            device: *device,
            n: line.entry.n,
            clock: line.entry.clock,
        });
    }
}

/// What a publication is to whoever looks: the record where it is now, the day of the office for which it was made.
fn news(publication: &Publication) -> Vec<News> {
    let organisation = publication.organisation;
    let of = |topic, office| News::of(topic, organisation, office);
    let mut news = Vec::new();
    if let Some(row) = &publication.row {
        news.extend([of(Topic::Records, Some(row.row.office)), of(Topic::Days, Some(row.made_in))]);
        if !row.photos.is_empty() {
            news.push(of(Topic::Photos, Some(row.row.office)));
        }
    }
    if !publication.set_aside.is_empty() {
        news.push(of(Topic::Quarantine, publication.row.as_ref().map(|row| row.row.office)));
    }
    news
}
