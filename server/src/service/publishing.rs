//! Publishing what was judged, with its flags, and saying so to whoever has a page open.

use std::collections::BTreeSet;

use super::events::{News, Topic};
use super::flags::raise_all;
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
    raise_all(app, &mut rows).await?;
    let published = app.store.publish(publications, app.salt, app.clock.now()).await?;
    let done = publications.iter().zip(&published).filter(|(_, answer)| **answer != Published::Stale);
    app.events.tell(done.flat_map(|(publication, _)| news(publication)).collect::<BTreeSet<_>>());
    Ok(published)
}

/// Raises the flags of what was judged on arrival and is about to be published with its lines. If that is not possible,
/// everything is stored as received, and judged in its turn.
pub(super) async fn prepare(app: &App, pushes: &mut [Push]) {
    pushes.iter_mut().for_each(measure_clocks);
    let judged = pushes.iter_mut().flat_map(|push| &mut push.judged);
    let mut rows: Vec<&mut RecordRow> = judged.filter_map(|publication| publication.row.as_mut()).collect();
    if let Err(error) = raise_all(app, &mut rows).await {
        tracing::warn!(code = error.code.name, cause = ?error.internal, "flags of what came could not be raised; it waits");
        pushes.iter_mut().for_each(|push| push.judged.clear());
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
    }
    if !publication.set_aside.is_empty() {
        news.push(of(Topic::Quarantine, publication.row.as_ref().map(|row| row.row.office)));
    }
    news
}
