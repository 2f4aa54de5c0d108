//! Other servers on the same database.

use async_trait::async_trait;
use tokio::sync::{broadcast, watch};

use super::StoreError;

/// What a server that shares its database learns of the others.
#[async_trait]
pub trait Neighbours: Send + Sync {
    /// Takes the lead among the servers, or keeps it; `false` while another has it. Whoever leads judges what all have
    /// received. The lead lapses after three seconds without this call.
    async fn take_lead(&self) -> Result<bool, StoreError>;
    /// Gives the lead up, so that nobody has to wait for its lapse; nothing happens if another has it.
    async fn leave_lead(&self) -> Result<(), StoreError>;
    /// How far receiving and judging have come.
    async fn horizon(&self) -> Result<Horizon, StoreError>;
    /// Changes when a server, perhaps this one, has received or published something. Some of it may get lost: whoever
    /// depends on it looks for itself every second.
    fn heard(&self) -> watch::Receiver<Heard>;
    /// Says something to the other servers; at most 7,900 bytes. Nobody confirms that they have heard it.
    async fn tell(&self, text: &str) -> Result<(), StoreError>;
    /// Ends once the connections to the database lead nowhere although it is there, as after a failover whose old
    /// machine is gone without a word: whoever waits for an answer then waits as long as the system lets them.
    async fn adrift(&self);
    /// What the other servers say from now on.
    fn told(&self) -> broadcast::Receiver<Word>;
}

/// What another server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// This.
    Said(String),
    /// Something that nobody knows: this server was not listening.
    Missed,
}

/// How far receiving and judging have come, in the numbers of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Horizon {
    /// The oldest change that is not judged; `None` if all are.
    pub oldest_received: Option<i64>,
    /// The newest change; 0 if there is none.
    pub newest: i64,
}

/// How often something was heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Something was received.
    pub received: u64,
    /// Something was published.
    pub published: u64,
}

/// What servers tell each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// There is something to judge.
    Received,
    /// Something was judged.
    Published,
}
