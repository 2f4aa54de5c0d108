//! How a phone reads the feed of its scope: where it goes on, what it is told of its own, and how it gets rid of what
//! it may no longer hold.

use sync_core::id::RecordId;
use sync_core::wire::cursor::{Beginning, Cursor};
use sync_core::wire::exchange::{GoneReason, MAX_HOLDING, News, PullItem};

use crate::error::{ServiceError, codes};
use crate::scope;
use crate::state::App;
use crate::store::{Device, FeedPosition, Person};

/// Where a phone stands in its feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    /// It has passed this position.
    pub(super) after: u64,
    /// It had everything up to this position when it began to read page by page.
    pub(super) since: u64,
    /// How it began, if it began at the feed's beginning.
    pub(super) beginning: Option<Beginning>,
    /// Its scope, or the server's life, is another one than when it read last: it begins again just now, and may hold
    /// what is not in its scope.
    pub(super) begun_again: bool,
    /// The server was set back since.
    pub(super) rewound: bool,
}

impl Reading {
    /// From where a phone with this cursor reads on.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(super) async fn from(
        app: &App,
        person: &Person,
        cursor: Option<Cursor>,
        head: FeedPosition,
    ) -> Result<Self, ServiceError> {
        let beginning = |again| Self {
            after: 0,
            since: 0,
            beginning: Some(Beginning { head: head.seq, again }),
            begun_again: again,
            rewound: false,
        };
        let Some(cursor) = cursor else {
            return Ok(beginning(false));
        };
        let same_scope = cursor.scope_version == person.scope_version;
        if cursor.seq == 0 && same_scope {
            return Ok(beginning(false));
        }
        let rewound = cursor.seq > 0
            && (cursor.epoch != app.epoch
                || app.store.salt_at(person.organisation, cursor.seq).await? != Some(cursor.salt));
        if rewound || !same_scope {
            return Ok(Self { rewound, ..beginning(true) });
        }
        let Cursor { seq: after, since, beginning, .. } = cursor;
        Ok(Self { after, since: since.unwrap_or(after), beginning, begun_again: false, rewound: false })
    }

    /// The device whose own changes need not be sent. A device that begins again may have dropped them.
    pub(super) fn except(&self, device: &Device) -> Option<sync_core::id::DeviceId> {
        let again = self.beginning.is_some_and(|beginning| beginning.again);
        (!again).then_some(device.id)
    }

    /// From which position on a record that leaves is news.
    pub(super) fn departed_after(&self) -> u64 {
        self.beginning.map_or(self.after, |beginning| self.after.max(beginning.head))
    }
}

/// Those of the records on a phone that it may not hold. A record that the server does not know is not among them: it
/// may never have been published, or be lost here.
///
/// # Errors
/// [`codes::SYNC_TOO_LARGE`] if too many are named at once.
pub(super) async fn out_of_scope(
    app: &App,
    person: &Person,
    holding: &[RecordId],
) -> Result<Vec<PullItem>, ServiceError> {
    if holding.len() > MAX_HOLDING {
        return Err(codes::SYNC_TOO_LARGE.into());
    }
    let places = app.store.places(person.organisation, holding).await?;
    let foreign = places.into_iter().filter(|place| !scope::holds(person, place));
    Ok(foreign.map(|place| PullItem { record: place.record, news: News::Gone(GoneReason::ScopeChanged) }).collect())
}
