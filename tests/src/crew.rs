//! Many phones at work at once, on a few threads.

use crate::failure::Failure;

/// Enough to keep the disk busy while a processor works, on any machine.
const THREADS: usize = 4;

/// Does something with each of them, a few at a time, and gives the results in their order.
///
/// # Errors
/// The first failure.
pub fn each_mut<T: Send, R: Send>(
    all: &mut [T],
    work: impl Fn(usize, &mut T) -> Result<R, Failure> + Sync,
) -> Result<Vec<R>, Failure> {
    let share = all.len().div_ceil(THREADS).max(1);
    let work = &work;
    let parts = std::thread::scope(|scope| {
        let threads: Vec<_> = all
            .chunks_mut(share)
            .enumerate()
            .map(|(part, members)| {
                scope.spawn(move || {
                    let numbered = members.iter_mut().enumerate();
                    numbered
                        .map(|(index, member)| work(part * share + index, member))
                        .collect::<Result<Vec<R>, Failure>>()
                })
            })
            .collect();
        threads.into_iter().map(std::thread::ScopedJoinHandle::join).collect::<Vec<_>>()
    });
    let mut results = Vec::with_capacity(all.len());
    for part in parts {
        results.extend(part.map_err(|_| Failure::Unexpected("a thread panicked".to_owned()))??);
    }
    Ok(results)
}

/// As [`each_mut`], of what needs no change.
///
/// # Errors
/// The first failure.
pub fn each<T: Sync, R: Send>(
    all: &[T],
    work: impl Fn(usize, &T) -> Result<R, Failure> + Sync,
) -> Result<Vec<R>, Failure> {
    let mut borrowed: Vec<&T> = all.iter().collect();
    each_mut(&mut borrowed, |index, member| work(index, member))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_their_order_and_failures_come_through() {
        let mut numbers: Vec<u32> = (0..10).collect();
        let doubled = each_mut(&mut numbers, |index, number| {
            *number += 1;
            Ok(index * 2)
        });
        assert_eq!(doubled.unwrap(), (0..10).map(|index| index * 2).collect::<Vec<_>>());
        assert_eq!(numbers[9], 10);
        let failed = each(&numbers, |index, _| if index == 7 { Err(Failure::NoServer) } else { Ok(()) });
        assert!(failed.is_err());
    }
}
