//! The slow lane: devices that keep sending what is false are served one after the other, with pauses.
//!
//! Telling false changes apart costs the server more than making them costs whoever sends them. In the lane they get a
//! fixed part of the server's time together, however many they are, and everybody else keeps the rest.

use std::time::{Duration, Instant};

use super::Class;
use super::room::{Full, Permit, Room};

/// After a request the lane stays closed for so many times as long as it took.
const REST: u32 = 3;
/// But not for longer.
const LONGEST_REST: Duration = Duration::from_secs(5);
/// How many may wait.
const SEATS: usize = 64;

/// The lane.
#[derive(Debug)]
pub(super) struct SlowLane(Room);

/// The turn of one request.
#[derive(Debug)]
pub(super) struct Turn {
    permit: Option<Permit>,
    begun: Instant,
}

impl Default for SlowLane {
    fn default() -> Self {
        Self(Room::new(1, SEATS))
    }
}

impl SlowLane {
    /// Waits for a turn.
    pub(super) async fn enter(&self, patience: Duration) -> Result<Turn, Full> {
        let permit = self.0.enter(Class::Push, 1, patience).await?;
        Ok(Turn { permit: Some(permit), begun: Instant::now() })
    }
}

impl Drop for Turn {
    /// The next one comes after a pause.
    fn drop(&mut self) {
        let (permit, pause) = (self.permit.take(), (self.begun.elapsed() * REST).min(LONGEST_REST));
        // Without a runtime nobody waits for the next turn either.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                tokio::time::sleep(pause).await;
                drop(permit);
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::poll;

    use super::*;

    #[tokio::test]
    async fn one_after_the_other() {
        let lane = SlowLane::default();
        let patience = Duration::from_secs(60);
        let first = lane.enter(patience).await.unwrap();
        let mut second = pin!(lane.enter(patience));
        assert!(poll!(&mut second).is_pending());
        drop(first);
        drop(second.await.unwrap());
    }
}
