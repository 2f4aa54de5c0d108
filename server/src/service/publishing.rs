//! Publishing what was judged, and saying so to whoever has a page open.

use std::collections::BTreeSet;

use super::events::{News, Topic};
use super::flags::raise_all;
use crate::error::ServiceError;
use crate::state::App;
use crate::store::{Publication, Published, RecordRow};

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
