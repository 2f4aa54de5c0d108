//! Whether connections still lead to the database.
//!
//! A machine that is gone without a word leaves connections on which nobody ever answers: the system finds out after
//! a quarter of an hour if something was sent, and never if somebody only listens. New ones lead to whoever took its place.

use std::pin::pin;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};

/// How often it is asked whether the database is there.
const PULSE: Duration = Duration::from_secs(5);
/// How long a new connection may take. A machine that is busy needs longer for one than for an answer.
const CONNECTING: Duration = Duration::from_secs(10);

/// A connection on which nothing is done but asking whether somebody is there.
#[derive(Debug)]
pub(super) struct Reach {
    options: PgConnectOptions,
    /// How long a question may stay without an answer.
    silence: Duration,
    lasting: Mutex<Option<PgConnection>>,
}

impl Reach {
    /// Connects: what is asked over this connection stands for all that are made later.
    pub(super) async fn open(options: PgConnectOptions, silence: Duration) -> Result<Self, sqlx::Error> {
        let lasting = Mutex::new(Some(options.connect().await?));
        Ok(Self { options, silence, lasting })
    }

    /// Asks again and again; ends once a new connection gets an answer and the one that lasts does not. One that broke
    /// is replaced: whoever used another has heard of it too.
    pub(super) async fn adrift(&self) {
        let mut lasting = self.lasting.lock().await;
        loop {
            match &mut *lasting {
                Some(conn) => match self.ask(conn).await {
                    Answer::Came => {}
                    Answer::Broke => *lasting = None,
                    Answer::Elsewhere => return,
                },
                None => *lasting = timeout(CONNECTING, self.options.connect()).await.ok().and_then(Result::ok),
            }
            sleep(PULSE.min(self.silence)).await;
        }
    }

    /// Hangs up.
    pub(super) fn close(&self) {
        if let Ok(mut lasting) = self.lasting.try_lock() {
            *lasting = None;
        }
    }

    /// What comes over the connection that lasts. As long as nobody answers at all, the database is silent and not lost.
    async fn ask(&self, lasting: &mut PgConnection) -> Answer {
        let mut answer = pin!(lasting.ping());
        let mut reached = false;
        loop {
            match timeout(self.silence, &mut answer).await {
                Ok(Ok(())) => return Answer::Came,
                Ok(Err(_)) => return Answer::Broke,
                // It was given the time to wake up.
                Err(_) if reached => return Answer::Elsewhere,
                Err(_) => reached = matches!(timeout(CONNECTING, anew(&self.options)).await, Ok(Ok(()))),
            }
        }
    }
}

/// What came over the connection that lasts.
enum Answer {
    Came,
    /// Nothing more will.
    Broke,
    /// Nothing came, but over a new one.
    Elsewhere,
}

async fn anew(options: &PgConnectOptions) -> Result<(), sqlx::Error> {
    let mut fresh = options.connect().await?;
    fresh.ping().await?;
    fresh.close().await
}
