//! Who receives the next customer.

use crate::store::days::Received;

/// The consultant whose turn it is: who has received the fewest customers on the day, of several whose last one before it
/// is the longest ago, and of these the first in the rota. So turns go on from one day to the next: on days with one
/// customer each, everybody gets one. Nobody can choose, so nobody can be favoured; whoever received one that went to
/// somebody else by name waits as if it had been their turn.
pub fn next<'a>(rota: &'a [String], received: &[Received]) -> Option<&'a str> {
    let turn = |name: &String| {
        let of_late = received.iter().find(|known| known.consultant == *name);
        of_late.map_or((0, None), |known| (known.on_day, known.before))
    };
    rota.iter().min_by_key(|name| turn(name)).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_empty_rota_has_no_turn() {
        let received = Received { consultant: "李静".to_owned(), on_day: 3, before: None };
        assert_eq!(next(&[], &[received]), None);
    }

    /// Counts a customer whom somebody received on this day.
    fn count(received: &mut Vec<Received>, name: &str) {
        match received.iter_mut().find(|known| known.consultant == name) {
            Some(known) => known.on_day += 1,
            None => received.push(Received { consultant: name.to_owned(), on_day: 1, before: None }),
        }
    }

    /// The same seen from the next day.
    fn sleep(received: &mut [Received], day: Date) {
        for known in received {
            if std::mem::take(&mut known.on_day) > 0 {
                known.before = Some(day);
            }
        }
    }

    proptest! {
        #[test]
        fn nobody_receives_two_more_than_anybody_else(people in 1_usize..9, days in prop::collection::vec(0_usize..20, 1..5)) {
            let rota: Vec<String> = (0..people).map(|n| format!("c{n}")).collect();
            let mut received = Vec::new();
            let mut day = Date::constant(2026, 11, 1);
            for customers in days {
                for _ in 0..customers {
                    let name = next(&rota, &received).unwrap().to_owned();
                    count(&mut received, &name);
                }
                let counts = || rota.iter().map(|name| {
                    received.iter().find(|known| known.consultant == *name).map_or(0, |known| known.on_day)
                });
                prop_assert!(counts().max().unwrap() - counts().min().unwrap() <= 1);
                prop_assert_eq!(counts().sum::<u32>() as usize, customers);
                sleep(&mut received, day);
                day = day.tomorrow().unwrap();
            }
        }

        #[test]
        fn with_one_customer_a_day_everybody_gets_their_turn(people in 1_usize..9, rounds in 1_usize..4) {
            let rota: Vec<String> = (0..people).map(|n| format!("c{n}")).collect();
            let (mut received, mut turns) = (Vec::new(), Vec::new());
            let mut day = Date::constant(2026, 11, 1);
            for _ in 0..people * rounds {
                let name = next(&rota, &received).unwrap().to_owned();
                count(&mut received, &name);
                turns.push(name);
                sleep(&mut received, day);
                day = day.tomorrow().unwrap();
            }
            let expected: Vec<String> = (0..rounds).flat_map(|_| rota.clone()).collect();
            prop_assert_eq!(turns, expected);
        }
    }
}
