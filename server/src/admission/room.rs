//! A room with so many places, and a waiting room in front of it with an order of its own.
//!
//! A request takes places by its weight. Whoever finds none waits, but not for ever, and small records are called
//! before pulls, and pulls before photos. A heavy request at the head of the line is not overtaken by lighter ones of
//! its own class, or it would never get in.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::Class;

/// Nobody gets in any more, or not in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the room is full")]
pub struct Full;

/// A room.
#[derive(Debug)]
pub struct Room {
    places: u32,
    seats: usize,
    state: Arc<Mutex<State>>,
}

/// Places in a room, until they are dropped.
#[derive(Debug)]
pub struct Permit {
    state: Arc<Mutex<State>>,
    class: Class,
    weight: u32,
}

#[derive(Debug)]
struct Waiter {
    weight: u32,
    turn: oneshot::Sender<Permit>,
}

#[derive(Debug)]
struct State {
    free: u32,
    /// How many places photos may have at once: they are large, slow, and never urgent.
    photo_places: u32,
    photos: u32,
    lines: [VecDeque<Waiter>; Class::ALL.len()],
}

impl Room {
    /// A room with so many places and so many seats to wait on.
    pub fn new(places: u32, seats: usize) -> Self {
        let places = places.max(1);
        let lines = std::array::from_fn(|_| VecDeque::new());
        let state = State { free: places, photo_places: (places / 4).max(1), photos: 0, lines };
        Self { places, seats, state: Arc::new(Mutex::new(state)) }
    }

    /// Places in use, and requests that wait.
    pub fn load(&self) -> (u32, usize) {
        let state = lock(&self.state);
        (self.places - state.free, state.waiting())
    }

    /// Comes in, or waits for at most `patience`.
    ///
    /// # Errors
    /// When all seats are taken by requests that are as urgent, or no places became free in time.
    pub async fn enter(&self, class: Class, weight: u32, patience: Duration) -> Result<Permit, Full> {
        let weight = match class {
            Class::Photo => weight.clamp(1, lock(&self.state).photo_places),
            _ => weight.clamp(1, self.places),
        };
        let turn = {
            let mut state = lock(&self.state);
            state.forget_those_who_left();
            if state.nobody_is_before(class) && state.fits(class, weight) {
                state.take(class, weight);
                return Ok(Permit { state: Arc::clone(&self.state), class, weight });
            }
            if state.waiting() >= self.seats && !state.send_one_away_below(class) {
                return Err(Full);
            }
            let (turn, called) = oneshot::channel();
            state.lines[class as usize].push_back(Waiter { weight, turn });
            called
        };
        let called = tokio::time::timeout(patience, turn).await;
        if called.is_err() {
            // A heavy one at the head may have kept lighter ones waiting.
            call_in(&self.state);
        }
        called.map_err(|_| Full)?.map_err(|_| Full)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        {
            let mut state = lock(&self.state);
            state.free += self.weight;
            if self.class == Class::Photo {
                state.photos -= self.weight;
            }
        }
        call_in(&self.state);
    }
}

/// Calls everybody in whose turn it is. Somebody who left meanwhile gives the places back at once.
fn call_in(state: &Arc<Mutex<State>>) {
    let mut called = Vec::new();
    {
        let mut guard = lock(state);
        while let Some((class, waiter)) = guard.next() {
            guard.take(class, waiter.weight);
            called.push((class, waiter));
        }
    }
    for (class, Waiter { weight, turn }) in called {
        // If nobody listens, the permit comes back here and is dropped.
        drop(turn.send(Permit { state: Arc::clone(state), class, weight }));
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn waiting(&self) -> usize {
        self.lines.iter().map(VecDeque::len).sum()
    }

    fn forget_those_who_left(&mut self) {
        self.lines.iter_mut().for_each(|line| line.retain(|waiter| !waiter.turn.is_closed()));
    }

    fn nobody_is_before(&self, class: Class) -> bool {
        self.lines[..=class as usize].iter().all(VecDeque::is_empty)
    }

    fn fits(&self, class: Class, weight: u32) -> bool {
        let allowed = class != Class::Photo || self.photos + weight <= self.photo_places;
        allowed && weight <= self.free
    }

    fn take(&mut self, class: Class, weight: u32) {
        self.free -= weight;
        if class == Class::Photo {
            self.photos += weight;
        }
    }

    /// The last one of the least urgent line gives up its seat for somebody more urgent.
    fn send_one_away_below(&mut self, class: Class) -> bool {
        let below = self.lines[class as usize + 1..].iter_mut().rev();
        below.into_iter().any(|line| line.pop_back().is_some())
    }

    fn next(&mut self) -> Option<(Class, Waiter)> {
        self.forget_those_who_left();
        for class in Class::ALL {
            let Some(first) = self.lines[class as usize].front() else {
                continue;
            };
            // What is left of the places is kept for the most urgent one, except from photos over their share.
            return if self.fits(class, first.weight) {
                self.lines[class as usize].pop_front().map(|waiter| (class, waiter))
            } else {
                None
            };
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;
    use std::task::Poll;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    /// Whether a future is done after being looked at once.
    macro_rules! is_ready {
        ($future:expr) => {
            poll_fn(|context| Poll::Ready($future.as_mut().poll(context).is_ready())).await
        };
    }

    #[tokio::test]
    async fn small_ones_are_called_before_large_ones_and_photos_last() {
        let room = Room::new(4, 10);
        let all = room.enter(Class::Push, 4, LONG).await.unwrap();
        let mut photo = pin!(room.enter(Class::Photo, 1, LONG));
        let mut push = pin!(room.enter(Class::Push, 2, LONG));
        let mut small = pin!(room.enter(Class::Small, 3, LONG));
        assert!(!is_ready!(photo) && !is_ready!(push) && !is_ready!(small));
        assert_eq!(room.load(), (4, 3));
        drop(all);
        let first = small.await.unwrap();
        assert!(!is_ready!(push), "one place is left and it wants two");
        assert!(!is_ready!(photo), "which is no reason to let a photo in");
        drop(first);
        let second = push.await.unwrap();
        let third = photo.await.unwrap();
        drop((second, third));
        assert_eq!(room.load(), (0, 0));
    }

    #[tokio::test]
    async fn whoever_waits_too_long_is_refused_and_blocks_nobody() {
        let room = Room::new(2, 10);
        let one = room.enter(Class::Small, 1, LONG).await.unwrap();
        let mut heavy = pin!(room.enter(Class::Small, 2, Duration::from_millis(1)));
        assert!(!is_ready!(heavy));
        let mut light = pin!(room.enter(Class::Small, 1, LONG));
        assert!(!is_ready!(light), "not past the one before it");
        assert_eq!(heavy.await.unwrap_err(), Full);
        drop(light.await.unwrap());
        drop(one);
        assert_eq!(room.load(), (0, 0));
    }

    #[tokio::test]
    async fn somebody_who_hangs_up_frees_seat_and_place() {
        let room = Room::new(1, 1);
        let one = room.enter(Class::Small, 1, LONG).await.unwrap();
        {
            let mut gone = pin!(room.enter(Class::Small, 1, LONG));
            assert!(!is_ready!(gone));
        }
        let mut next = pin!(room.enter(Class::Small, 1, LONG));
        assert!(!is_ready!(next), "there was a seat");
        drop(one);
        drop(next.await.unwrap());
        assert_eq!(room.load(), (0, 0));
    }

    #[tokio::test]
    async fn a_full_waiting_room_takes_nobody_but_somebody_more_urgent() {
        let room = Room::new(1, 1);
        let one = room.enter(Class::Small, 1, LONG).await.unwrap();
        let mut push = pin!(room.enter(Class::Push, 1, LONG));
        assert!(!is_ready!(push));
        assert_eq!(room.enter(Class::Push, 1, LONG).await.unwrap_err(), Full);
        let mut small = pin!(room.enter(Class::Small, 1, LONG));
        assert!(!is_ready!(small));
        assert_eq!(push.await.unwrap_err(), Full, "it gave up its seat");
        drop(one);
        drop(small.await.unwrap());
    }

    #[tokio::test]
    async fn photos_have_a_quarter_at_most() {
        let room = Room::new(8, 10);
        let first = room.enter(Class::Photo, 2, LONG).await.unwrap();
        let mut second = pin!(room.enter(Class::Photo, 1, LONG));
        assert!(!is_ready!(second));
        drop(room.enter(Class::Small, 6, LONG).await.unwrap());
        drop(first);
        drop(second.await.unwrap());
    }
}
