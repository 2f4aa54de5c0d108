//! Who receives the next customer.

/// The consultant whose turn it is: who has received the fewest customers today, and of several the first in the rota.
/// Nobody can choose, so nobody can be favoured; whoever received one that went to somebody else by name waits as if it
/// had been their turn.
pub fn next<'a>(rota: &'a [String], received: &[(String, u32)]) -> Option<&'a str> {
    let count = |name: &str| received.iter().find(|(known, _)| known == name).map_or(0, |(_, count)| *count);
    rota.iter().min_by_key(|name| count(name)).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_empty_rota_has_no_turn() {
        assert_eq!(next(&[], &[("李静".to_owned(), 3)]), None);
    }

    proptest! {
        #[test]
        fn nobody_receives_two_more_than_anybody_else(people in 1_usize..9, customers in 0_usize..60) {
            let rota: Vec<String> = (0..people).map(|n| format!("c{n}")).collect();
            let mut received: Vec<(String, u32)> = Vec::new();
            for _ in 0..customers {
                let name = next(&rota, &received).unwrap().to_owned();
                match received.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, count)) => *count += 1,
                    None => received.push((name, 1)),
                }
            }
            let counts = || rota.iter().map(|name| received.iter().find(|(known, _)| known == name).map_or(0, |(_, n)| *n));
            prop_assert!(counts().max().unwrap() - counts().min().unwrap() <= 1);
            prop_assert_eq!(counts().sum::<u32>() as usize, customers);
        }
    }
}
