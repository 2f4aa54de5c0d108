//! What every request has at hand.

use std::ops::Deref;
use std::sync::Arc;

use sync_core::journal::Key;
use sync_core::time::UnixMillis;
use tokio::sync::Notify;

use crate::admission::Admission;
use crate::auth::backoff::LoginBackoff;
use crate::auth::keys::ServerKeys;
use crate::auth::password::Passwords;
use crate::clock::{Clock, Dice};
use crate::config::Config;
use crate::error::ServiceError;
use crate::photo::Photos;
use crate::service::events::Events;
use crate::service::notes::Notes;
use crate::service::presence::Presence;
use crate::service::projector::Projector;
use crate::service::receive::{ActorOwners, Intake};
use crate::service::system::{Asked, Pulse};
use crate::service::trial::Trial;
use crate::store::Store;

/// The server, cheap to clone: its storage, keys, configuration and what it remembers between requests.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// What an [`App`] consists of.
pub struct Parts {
    /// What the server remembers.
    pub store: Arc<dyn Store>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub dice: Dice,
    /// The key that signs receipts, tokens and challenges.
    pub keys: ServerKeys,
    /// The settings.
    pub config: Config,
    /// Which life of the database this is.
    pub epoch: u32,
    /// This process's salt for new blocks of feed positions. Never 0, which means "no position".
    pub salt: u64,
    /// Commits pushes that arrive together in one transaction.
    pub intake: Intake,
    /// Publishes what was received.
    pub projector: Projector,
    /// The note of what the projector is judging.
    pub trial: Trial,
    /// Which device each actor belongs to.
    pub actors: ActorOwners,
    /// Hashes and compares passwords, a few at a time.
    pub passwords: Passwords,
    /// Slows down those who guess passwords.
    pub logins: LoginBackoff,
    /// Wakes whoever puts records right beside everything else.
    pub upkeep: Notify,
    /// What has changed, for pages that are open.
    pub events: Events,
    /// Who has which record open.
    pub presence: Presence,
    /// Since when this process runs.
    pub started_at: UnixMillis,
    /// How many exchanges there were lately.
    pub pulse: Pulse,
    /// What the database was last asked about itself.
    pub asked: Asked,
    /// Lets phones in, a few at a time.
    pub admission: Admission,
    /// What phones reported, to be noted together.
    pub notes: Notes,
    /// Where photos lie, and who works on them.
    pub photos: Photos,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("App")
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// Puts the server together; makes its signing key if the database is new.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        dice: Dice,
        config: Config,
    ) -> Result<Self, ServiceError> {
        let seed = store.server_key(dice.roll(Key::generate).seed()).await?;
        let epoch = store.epoch().await?;
        let salt = u64::from_be_bytes(dice.bytes()).max(1);
        let trial = Trial::in_folder(&config.database.folder);
        let passwords = Passwords::new(&dice);
        let admission = Admission::new(&config.admission);
        admission.remember(&*store, clock.now()).await?;
        let photos = Photos::open(&config)?;
        let started_at = clock.now();
        Ok(Self(Arc::new(Parts {
            store,
            clock,
            keys: ServerKeys::from_seed(seed),
            config,
            epoch,
            salt,
            intake: Intake::default(),
            projector: Projector::default(),
            trial,
            actors: ActorOwners::default(),
            passwords,
            logins: LoginBackoff::default(),
            upkeep: Notify::new(),
            events: Events::default(),
            presence: Presence::default(),
            started_at,
            pulse: Pulse::default(),
            asked: Asked::default(),
            admission,
            notes: Notes::default(),
            photos,
            dice,
        })))
    }
}
