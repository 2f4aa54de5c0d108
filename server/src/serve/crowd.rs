//! How many connections there are, and who has to leave when there are too many.
//!
//! A connection costs little, but not nothing, and those that hold many of them send nothing over most. So a newcomer
//! beyond the limit takes the place of the connection that has been idle longest, or else of the page that has followed
//! the news longest, which comes back by itself; only when all are busy it is turned away.

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
    work: Work,
    leave: Arc<Notify>,
}

/// What a connection does. Whoever has to leave is the least of those that may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Work {
    /// Nothing since then.
    Idle(Instant),
    /// Its page follows the news since then.
    Live(Instant),
    /// A request is served, up to the end of the answer.
    Busy,
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
        let member = Member { address, work: Work::Idle(Instant::now()), leave: Arc::clone(&leave) };
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
    /// Makes one of those leave that qualify and are not busy; `None` if all are.
    fn send_away(&mut self, qualifies: impl Fn(&Member) -> bool) -> Option<()> {
        let those = self.by_number.iter().filter(|(_, member)| member.work != Work::Busy && qualifies(member));
        let (_, number) = those.map(|(number, member)| (member.work, *number)).min()?;
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
    /// A request is served.
    pub(super) fn is_busy(&self) {
        self.does(Work::Busy);
    }

    /// Its answer is the news, which don't end.
    pub(super) fn is_live(&self) {
        self.does(Work::Live(Instant::now()));
    }

    /// The answer is at its end.
    pub(super) fn is_idle(&self) {
        self.does(Work::Idle(Instant::now()));
    }

    fn does(&self, work: Work) {
        if let Some(member) = self.crowd.lock().by_number.get_mut(&self.number) {
            member.work = work;
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
        busy.is_busy();
        let idlest = crowd.seat(ip(2)).unwrap();
        let idle = crowd.seat(ip(3)).unwrap();
        let newcomer = crowd.seat(ip(4)).unwrap();
        idlest.told_to_leave().await;
        assert!(poll!(pin!(busy.told_to_leave())).is_pending() && poll!(pin!(idle.told_to_leave())).is_pending());
        idle.is_busy();
        newcomer.is_busy();
        assert!(crowd.seat(ip(5)).is_none(), "all are busy");
        newcomer.is_idle();
        drop(crowd.seat(ip(5)).unwrap());
        drop((busy, idle, idlest, newcomer));
        let members = crowd.lock();
        assert!(members.by_number.is_empty() && members.by_address.is_empty());
    }

    #[tokio::test]
    async fn pages_that_follow_leave_before_work_and_after_silence() {
        let crowd = Crowd::new(4, 4, Vec::new());
        let [export, longest, page, silent] = [1, 2, 3, 4].map(|n| crowd.seat(ip(n)).unwrap());
        export.is_busy();
        longest.is_live();
        page.is_live();
        let first = crowd.seat(ip(5)).unwrap();
        silent.told_to_leave().await;
        first.is_busy();
        let second = crowd.seat(ip(6)).unwrap();
        longest.told_to_leave().await;
        assert!(poll!(pin!(export.told_to_leave())).is_pending() && poll!(pin!(page.told_to_leave())).is_pending());
        drop(second);
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
