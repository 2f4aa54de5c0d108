//! How many connections there are, and who has to leave when there are too many.
//!
//! A connection costs little, but not nothing, and those that hold many of them send nothing over most. So a newcomer
//! beyond the limit takes the place of the connection that has been idle longest; only when all are busy it is turned
//! away.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

/// The connections of one listener.
#[derive(Debug)]
pub(super) struct Crowd {
    most: usize,
    most_of_one_address: usize,
    /// Proxies bring the connections of many.
    exempt: Vec<IpAddr>,
    members: Mutex<Members>,
}

#[derive(Debug, Default)]
struct Members {
    next: u64,
    by_number: HashMap<u64, Member>,
    by_address: HashMap<IpAddr, usize>,
}

#[derive(Debug)]
struct Member {
    address: Option<IpAddr>,
    /// `None` while a request is served.
    idle_since: Option<Instant>,
    leave: Arc<Notify>,
}

/// A connection's place, until it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    crowd: Arc<Crowd>,
    number: u64,
    leave: Arc<Notify>,
}

impl Crowd {
    pub(super) fn new(most: usize, most_of_one_address: usize, exempt: Vec<IpAddr>) -> Arc<Self> {
        Arc::new(Self { most, most_of_one_address, exempt, members: Mutex::default() })
    }

    /// A crowd without limits, for listeners that strangers don't reach.
    pub(super) fn unlimited() -> Arc<Self> {
        Self::new(usize::MAX, usize::MAX, Vec::new())
    }

    /// A place for a new connection; `None` if there is none.
    pub(super) fn seat(self: &Arc<Self>, address: Option<IpAddr>) -> Option<Seat> {
        let address = address.filter(|address| !self.exempt.contains(address));
        let mut members = self.lock();
        let of_address = address.and_then(|address| members.by_address.get(&address)).copied().unwrap_or(0);
        if of_address >= self.most_of_one_address {
            members.send_away(|member| member.address == address)?;
        }
        if members.by_number.len() >= self.most {
            members.send_away(|_| true)?;
        }
        let (number, leave) = (members.next, Arc::new(Notify::new()));
        members.next += 1;
        let member = Member { address, idle_since: Some(Instant::now()), leave: Arc::clone(&leave) };
        members.by_number.insert(number, member);
        if let Some(address) = address {
            *members.by_address.entry(address).or_insert(0) += 1;
        }
        metrics::gauge!("daybook_connections").set(u32::try_from(members.by_number.len()).map_or(f64::MAX, f64::from));
        drop(members);
        Some(Seat { crowd: Arc::clone(self), number, leave })
    }

    fn lock(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Members {
    /// Makes the one leave that has been idle longest among those that qualify; `None` if all are busy.
    fn send_away(&mut self, qualifies: impl Fn(&Member) -> bool) -> Option<()> {
        let idle = self.by_number.iter().filter(|(_, member)| qualifies(member));
        let idle = idle.filter_map(|(number, member)| Some((member.idle_since?, *number)));
        let (_, number) = idle.min()?;
        self.remove(number)?.leave.notify_one();
        Some(())
    }

    fn remove(&mut self, number: u64) -> Option<Member> {
        let member = self.by_number.remove(&number)?;
        if let Some(address) = member.address
            && let Some(count) = self.by_address.get_mut(&address)
        {
            *count -= 1;
            if *count == 0 {
                self.by_address.remove(&address);
            }
        }
        Some(member)
    }
}

impl Seat {
    /// Whether a request is being served.
    pub(super) fn is_busy(&self, busy: bool) {
        if let Some(member) = self.crowd.lock().by_number.get_mut(&self.number) {
            member.idle_since = (!busy).then(Instant::now);
        }
    }

    /// Ends when the connection has to leave.
    pub(super) async fn told_to_leave(&self) {
        self.leave.notified().await;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.crowd.lock().remove(self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::poll;

    use super::*;

    fn ip(n: u8) -> Option<IpAddr> {
        Some(IpAddr::from([10, 0, 0, n]))
    }

    #[tokio::test]
    async fn the_idlest_leaves_for_a_newcomer() {
        let crowd = Crowd::new(3, 2, Vec::new());
        let busy = crowd.seat(ip(1)).unwrap();
        busy.is_busy(true);
        let idlest = crowd.seat(ip(2)).unwrap();
        let idle = crowd.seat(ip(3)).unwrap();
        let newcomer = crowd.seat(ip(4)).unwrap();
        idlest.told_to_leave().await;
        assert!(poll!(pin!(busy.told_to_leave())).is_pending() && poll!(pin!(idle.told_to_leave())).is_pending());
        idle.is_busy(true);
        newcomer.is_busy(true);
        assert!(crowd.seat(ip(5)).is_none(), "all are busy");
        newcomer.is_busy(false);
        drop(crowd.seat(ip(5)).unwrap());
        drop((busy, idle, idlest, newcomer));
        let members = crowd.lock();
        assert!(members.by_number.is_empty() && members.by_address.is_empty());
    }

    #[tokio::test]
    async fn one_address_takes_from_itself_only() {
        let proxy = ip(9);
        let crowd = Crowd::new(10, 1, proxy.into_iter().collect());
        let other = crowd.seat(ip(1)).unwrap();
        let first = crowd.seat(ip(2)).unwrap();
        let _second = crowd.seat(ip(2)).unwrap();
        first.told_to_leave().await;
        assert!(poll!(pin!(other.told_to_leave())).is_pending());
        let _proxied = [crowd.seat(proxy).unwrap(), crowd.seat(proxy).unwrap(), crowd.seat(proxy).unwrap()];
    }
}
