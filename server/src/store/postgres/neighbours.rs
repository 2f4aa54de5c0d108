//! Who leads among the servers, and what they tell each other.
//!
//! What they tell only saves them from looking: a server that can't listen, because only a pooler can be reached, looks
//! every second.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::{PgListener, PgPool};
use tokio::sync::{broadcast, watch};

use super::{Conn, Db, PostgresStore, begin};
use crate::store::StoreError;
use crate::store::neighbours::{Heard, Horizon, Neighbours, News, Word};
use crate::store::shared::statements;

/// Where servers listen.
const CHANNEL: &str = "daybook";
/// Where they talk about what pages want to know.
const WORDS: &str = "daybook_words";
/// How long a server that can't listen waits before it tries again.
const REST: Duration = Duration::from_secs(1);
/// How many words may wait for this server to listen.
const UNHEARD: usize = 256;

statements! {
    // The clock is the database's, so servers need not agree about the time.
    TAKE_LEAD = "insert into lead (id, holder, until) values (1, $1, clock_timestamp() + interval '3 seconds') \
        on conflict (id) do update set holder = excluded.holder, until = excluded.until \
        where lead.holder = excluded.holder or lead.until < clock_timestamp() returning holder";
    LEAVE_LEAD = "delete from lead where holder = $1";
    HORIZON = "select (select min(id) from change where state = 0), coalesce((select max(id) from change), 0)";
    TELL = "select pg_notify('daybook', $1)";
    SAY = "select pg_notify('daybook_words', $1)";
}

/// Tells all servers once the transaction has ended well.
pub(super) async fn announce(conn: &mut Conn, news: News) -> Result<(), StoreError> {
    let word = match news {
        News::Received => "received",
        News::Published => "published",
    };
    sqlx::query::<Db>(TELL).bind(word).execute(conn).await?;
    Ok(())
}

#[async_trait]
impl Neighbours for PostgresStore {
    async fn take_lead(&self) -> Result<bool, StoreError> {
        let mut tx = self.readers.begin_with(begin(self.prepared)).await?;
        let taken = sqlx::query::<Db>(TAKE_LEAD).bind(self.number).fetch_optional(&mut *tx).await?.is_some();
        tx.commit().await?;
        Ok(taken)
    }

    async fn leave_lead(&self) -> Result<(), StoreError> {
        let mut tx = self.writers.begin_with(begin(self.prepared)).await?;
        let left = sqlx::query::<Db>(LEAVE_LEAD).bind(self.number).execute(&mut *tx).await?;
        if left.rows_affected() > 0 {
            announce(&mut tx, News::Received).await?;
        }
        Ok(tx.commit().await?)
    }

    async fn horizon(&self) -> Result<Horizon, StoreError> {
        let mut conn = self.reader().await?;
        let (oldest_received, newest) = sqlx::query_as::<Db, (Option<i64>, i64)>(HORIZON).fetch_one(&mut *conn).await?;
        Ok(Horizon { oldest_received, newest })
    }

    fn heard(&self) -> watch::Receiver<Heard> {
        self.ears.heard.subscribe()
    }

    async fn tell(&self, text: &str) -> Result<(), StoreError> {
        let mut tx = self.readers.begin_with(begin(self.prepared)).await?;
        sqlx::query::<Db>(SAY).bind(format!("{} {text}", self.number)).execute(&mut *tx).await?;
        Ok(tx.commit().await?)
    }

    async fn adrift(&self) {
        self.reach.adrift().await;
    }

    fn told(&self) -> broadcast::Receiver<Word> {
        self.ears.words.subscribe()
    }
}

/// Where what is heard goes.
#[derive(Clone)]
pub(super) struct Ears {
    heard: watch::Sender<Heard>,
    words: broadcast::Sender<Word>,
    /// This server's number: what it said itself it need not hear.
    number: i64,
}

impl Ears {
    pub(super) fn of(number: i64) -> Self {
        Self { heard: watch::Sender::default(), words: broadcast::Sender::new(UNHEARD), number }
    }

    /// Words on the way to nobody are nobody's loss.
    fn word(&self, said: &str) {
        let Some((number, text)) = said.split_once(' ') else {
            return;
        };
        if number.parse() != Ok(self.number) {
            let _ = self.words.send(Word::Said(text.to_owned()));
        }
    }
}

/// Listens until nobody wants to hear any more. `pool` has one connection, which lasts.
pub(super) async fn listen(pool: PgPool, ears: Ears) {
    while !pool.is_closed() {
        if let Err(error) = hear(&pool, &ears).await {
            tracing::debug!(%error, "what other servers say can't be heard");
        }
        tokio::time::sleep(REST).await;
    }
}

async fn hear(pool: &PgPool, ears: &Ears) -> Result<(), sqlx::Error> {
    let heard = &ears.heard;
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen_all([CHANNEL, WORDS]).await?;
    // Nobody knows what was said until now.
    heard.send_modify(|heard| *heard = Heard { received: heard.received + 1, published: heard.published + 1 });
    let _ = ears.words.send(Word::Missed);
    while let Some(said) = listener.try_recv().await? {
        if said.channel() == WORDS {
            ears.word(said.payload());
            continue;
        }
        heard.send_modify(|heard| match said.payload() {
            "received" => heard.received += 1,
            _ => heard.published += 1,
        });
    }
    Ok(())
}
