//! Whether this is still the installation that the store was filled by.
//!
//! An app keeps a secret where backups don't reach, such as a phone's key store. A store that knows another secret was
//! restored onto this phone, or copied: whoever wrote it may still be writing. So at once, before anything else is
//! written and without asking anybody, this installation writes under an actor of its own; and once it has handed in
//! what it brought along, it asks for an identity of its own.

use rand_core::Rng;
use sha2::{Digest as _, Sha256};

use super::{Engine, EngineError};
use crate::id::ActorId;
use crate::store::{Installation, Store};

/// What is kept of a secret: from a store nobody may learn what another installation's secret is.
fn fingerprint(secret: &[u8; 32]) -> [u8; 32] {
    Sha256::new().chain_update(b"daybook/installation/1").chain_update(secret).finalize().into()
}

impl<S: Store> Engine<S> {
    /// Compares this installation's secret with the one that the store knows. To be called right after
    /// [`Engine::open`], before anything is written. The first secret ever said is simply kept.
    ///
    /// True if the store came from another installation, now or earlier, and this one has not got an identity of its
    /// own yet. What is saved meanwhile is as safe as ever; the next runs do the rest.
    ///
    /// # Errors
    /// When the storage fails; nothing was changed, and nothing may be written before this has worked.
    pub fn check_installation(&mut self, secret: &[u8; 32], rng: &mut dyn Rng) -> Result<bool, EngineError<S::Error>> {
        let fingerprint = fingerprint(secret);
        match self.store.installation().map_err(EngineError::Store)? {
            Some(Installation { fingerprint: known, moved }) if known == fingerprint => self.moved = moved,
            None => self.store.set_installation(fingerprint).map_err(EngineError::Store)?,
            Some(_) => {
                self.store.move_in(fingerprint, ActorId::random(rng)).map_err(EngineError::Store)?;
                self.identity = self.store.identity().map_err(EngineError::Store)?;
                self.moved = self.identity.is_some();
            }
        }
        Ok(self.moved)
    }
}
