//! One exchange of a device at a time.
//!
//! A phone whose line broke asks again while its first request may still be under way here: being read from a line
//! that is dead, or nearly answered. So the second one waits a moment for the first, and then takes its place. A third
//! one is sent away.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sync_core::id::DeviceId;
use tokio::sync::{Notify, watch};

/// One is under way and one waits already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the device has enough requests under way")]
pub struct Crowded;

/// The requests that are under way.
#[derive(Debug, Default)]
pub struct Flights(Arc<Mutex<Table>>);

#[derive(Debug, Default)]
struct Table {
    next: u64,
    of: HashMap<DeviceId, Flight>,
}

#[derive(Debug)]
struct Flight {
    number: u64,
    replaced: Arc<Notify>,
    /// Closed when the request is over.
    over: watch::Receiver<()>,
    somebody_waits: bool,
}

/// The right to be the device's only request, until it is dropped.
#[derive(Debug)]
pub struct Ticket {
    table: Arc<Mutex<Table>>,
    device: DeviceId,
    number: u64,
    replaced: Arc<Notify>,
    _over: watch::Sender<()>,
}

impl Flights {
    /// Becomes the device's only request; the one before is given `patience` to end.
    ///
    /// # Errors
    /// When somebody waits for that already.
    pub async fn board(&self, device: DeviceId, patience: Duration) -> Result<Ticket, Crowded> {
        let waiting = {
            let mut table = lock(&self.0);
            match table.of.get_mut(&device) {
                None => return Ok(table.board(&self.0, device)),
                Some(flight) if flight.somebody_waits => return Err(Crowded),
                Some(flight) => {
                    flight.somebody_waits = true;
                    let number = flight.number;
                    (flight.over.clone(), Waiting { table: &self.0, device, number })
                }
            }
        };
        let (mut over, seat) = waiting;
        // It says nothing and closes when it is over.
        let _ = tokio::time::timeout(patience, over.changed()).await;
        let mut table = lock(&self.0);
        if let Some(flight) = table.of.get(&device) {
            if flight.number != seat.number {
                // It ended, and another one was quicker.
                return Err(Crowded);
            }
            flight.replaced.notify_one();
        }
        let ticket = table.board(&self.0, device);
        drop(table);
        drop(seat);
        Ok(ticket)
    }
}

impl Table {
    fn board(&mut self, table: &Arc<Mutex<Self>>, device: DeviceId) -> Ticket {
        let (sender, over) = watch::channel(());
        let (number, replaced) = (self.next, Arc::new(Notify::new()));
        self.next += 1;
        self.of.insert(device, Flight { number, replaced: Arc::clone(&replaced), over, somebody_waits: false });
        Ticket { table: Arc::clone(table), device, number, replaced, _over: sender }
    }
}

impl Ticket {
    /// Ends when a later request of the device has taken this one's place.
    pub async fn replaced(&self) {
        self.replaced.notified().await;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut table = lock(&self.table);
        if table.of.get(&self.device).is_some_and(|flight| flight.number == self.number) {
            table.of.remove(&self.device);
        }
    }
}

/// Somebody who waits, and may hang up.
struct Waiting<'a> {
    table: &'a Mutex<Table>,
    device: DeviceId,
    number: u64,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut table = lock(self.table);
        if let Some(flight) = table.of.get_mut(&self.device).filter(|flight| flight.number == self.number) {
            flight.somebody_waits = false;
        }
    }
}

fn lock(table: &Mutex<Table>) -> MutexGuard<'_, Table> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::poll;

    use super::*;

    const MOMENT: Duration = Duration::from_secs(60);

    fn device(n: u8) -> DeviceId {
        DeviceId::from([n; 16])
    }

    #[tokio::test]
    async fn the_second_waits_for_the_first_and_a_third_is_sent_away() {
        let flights = Flights::default();
        let first = flights.board(device(1), MOMENT).await.unwrap();
        let _other = flights.board(device(2), MOMENT).await.unwrap();
        let mut second = pin!(flights.board(device(1), MOMENT));
        assert!(poll!(&mut second).is_pending());
        assert_eq!(flights.board(device(1), MOMENT).await.unwrap_err(), Crowded);
        drop(first);
        let second = second.await.unwrap();
        assert!(poll!(pin!(second.replaced())).is_pending());
        drop(second);
        assert_eq!(lock(&flights.0).of.len(), 1, "only the other device's");
    }

    #[tokio::test]
    async fn one_that_does_not_end_is_replaced() {
        let flights = Flights::default();
        let dead = flights.board(device(1), MOMENT).await.unwrap();
        let second = flights.board(device(1), Duration::from_millis(1)).await.unwrap();
        dead.replaced().await;
        drop(dead);
        let mut third = pin!(flights.board(device(1), MOMENT));
        assert!(poll!(&mut third).is_pending(), "the second has the place though the first ended later");
        drop(second);
        third.await.unwrap();
    }

    #[tokio::test]
    async fn somebody_who_hangs_up_while_waiting_leaves_the_seat() {
        let flights = Flights::default();
        let _first = flights.board(device(1), MOMENT).await.unwrap();
        {
            let mut second = pin!(flights.board(device(1), MOMENT));
            assert!(poll!(&mut second).is_pending());
        }
        let mut third = pin!(flights.board(device(1), MOMENT));
        assert!(poll!(&mut third).is_pending(), "it may wait");
    }
}
