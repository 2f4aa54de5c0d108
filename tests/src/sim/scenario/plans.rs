//! The plans of the scenarios, each grown from its number.

use crate::sim::luck::Luck;
use crate::sim::plan::{Act, ENROLLED, Item, Line, Plan};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const YEAR: i64 = 365 * 24 * HOUR;
/// When the steady work ends.
const EVENING: i64 = 5 * HOUR;

fn plan(seed: u64, phones: usize, mut items: Vec<Item>) -> Plan {
    items.sort_by_key(|item| item.at);
    Plan { seed, offices: 2, phones, twins: 0, restorable_days: 0, items }
}

fn at(at: i64, phone: usize, act: Act) -> Item {
    Item { at, phone, luck: at.unsigned_abs(), act }
}

/// Steady work of some phones: everybody writes and syncs every so often, and everything is published soon.
fn steady_work(luck: &mut Luck, phones: impl Iterator<Item = usize>, from: i64) -> Vec<Item> {
    let mut items = Vec::new();
    for phone in phones {
        let mut time = from + luck.between(0, 10 * MINUTE);
        while time < EVENING {
            items.push(Item { at: time, phone, luck: luck.below(u64::MAX), act: Act::Write });
            items.push(at(time + MINUTE, phone, Act::Ask));
            items.push(at(time + 2 * MINUTE, 0, Act::Publish));
            time += luck.between(15 * MINUTE, 45 * MINUTE);
        }
    }
    items
}

/// The server goes back to two o'clock, and then it goes back once more, perhaps further; told, untold, and mixed.
pub(super) fn restored_twice(number: u64) -> Plan {
    let mut luck = Luck::of(number, 11);
    let mut items = steady_work(&mut luck, 0..4, ENROLLED);
    let nth = usize::from(number & 4 == 4);
    items.push(at(HOUR + luck.between(0, HOUR), 0, Act::BackUp));
    items.push(at(150 * MINUTE, 0, Act::BackUp));
    let first = Act::Restore { told: number & 1 == 1, nth: 0 };
    let second = Act::Restore { told: number & 2 == 2, nth };
    items.push(at(3 * HOUR + luck.between(0, 20 * MINUTE), 0, first));
    items.push(at(4 * HOUR + luck.between(0, 20 * MINUTE), 0, second));
    Plan { restorable_days: 1, ..plan(1_000 + number, 4, items) }
}

/// One phone is copied; both go on, with and without syncs in between, over good lines and bad ones.
pub(super) fn cloned_phone(number: u64) -> Plan {
    let mut luck = Luck::of(number, 12);
    let mut items = steady_work(&mut luck, 0..3, ENROLLED);
    let cloned = HOUR + luck.between(0, HOUR);
    items.push(at(cloned, 0, Act::Clone { twin: 3 }));
    items.extend(steady_work(&mut luck, 3..4, cloned));
    if number & 1 == 1 {
        // Both have unsent work from before and after the copy.
        items.push(at(cloned - 20 * MINUTE, 0, Act::GoOffline(luck.between(30 * MINUTE, 2 * HOUR))));
        items.push(at(cloned, 3, Act::GoOffline(luck.between(MINUTE, 2 * HOUR))));
    }
    if number & 2 == 2 {
        let line = Line { lost: 200, slow: 200, twice: 100, cut: 50 };
        items.extend([at(0, 0, Act::Line(line)), at(cloned, 3, Act::Line(line))]);
    }
    if number & 4 == 4 {
        items.push(at(cloned + MINUTE, 0, Act::BackUpPhone));
        items.push(at(cloned + HOUR + luck.between(0, HOUR), 0, Act::RestorePhone { removed: number & 8 == 8 }));
    }
    Plan { twins: 1, ..plan(2_000 + number, 3, items) }
}

/// The server has done its work, the reply is lost, and the app dies: at every message from the first enrolment on.
/// The next attempt meets a login page.
pub(super) fn reply_lost_app_killed(number: u64) -> Plan {
    let mut luck = Luck::of(number, 13);
    let mut items = steady_work(&mut luck, 0..2, ENROLLED);
    let message = u32::try_from(number).unwrap_or(u32::MAX);
    items.push(at(0, 0, Act::LoseReply(message)));
    items.push(at(0, 1, Act::LoseReply(message / 2)));
    items.push(at(2 * HOUR, 0, Act::LoseReply(message % 5)));
    items.push(at(2 * HOUR + luck.between(0, HOUR), 0, Act::Portal(20 * MINUTE)));
    plan(3_000 + number, 2, items)
}

/// False changes of every class, a handful at a time, between the pushes of honest phones: so close that they are judged
/// in the same batches. A 40 MB document and a bomb of a message are thrown at a real server by `xtask bench hostile`.
pub(super) fn poison_at_every_position(number: u64) -> Plan {
    let mut luck = Luck::of(number, 17);
    let mut items = steady_work(&mut luck, 0..3, ENROLLED);
    let mut time = ENROLLED + 10 * MINUTE;
    while time < EVENING {
        items.push(at(time, 0, Act::Strike));
        time += luck.between(MINUTE, 6 * MINUTE);
    }
    items.push(at(2 * HOUR, 0, Act::KillServerAfter(u32::try_from(number).unwrap_or(0) * 3)));
    plan(4_000 + number, 3, items)
}

/// People move while their phones are offline with unsent work, or at the very moment when they read page by page; move
/// back again; records change hands; phones are cut off, and their people enrol anew.
pub(super) fn moved_and_revoked_offline(number: u64) -> Plan {
    let mut luck = Luck::of(number, 18);
    let mut items = steady_work(&mut luck, 0..4, ENROLLED);
    for phone in 0..4 {
        items.push(at(0, phone, Act::SmallPages(1 + u32::try_from(number % 2).unwrap_or(0))));
        items.push(at(90 * MINUTE, phone, Act::GoOffline(luck.between(10 * MINUTE, HOUR))));
        let moved = luck.between(95 * MINUTE, 150 * MINUTE);
        items.push(at(moved, phone, Act::MovePerson));
        items.push(at(moved + luck.between(1_000, 40 * MINUTE), phone, Act::MovePerson));
        items.push(at(3 * HOUR, phone, Act::MoveWhilePaging));
        items.push(at(3 * HOUR + luck.between(0, HOUR), phone, Act::MovePerson));
        let given = Item { luck: luck.below(u64::MAX), ..at(luck.between(HOUR, EVENING), phone, Act::Reassign) };
        items.push(given);
        if number & 1 == 1 {
            items.push(at(2 * HOUR, phone, Act::Line(Line { lost: 250, slow: 100, ..Line::default() })));
        }
    }
    let cut = 100 * MINUTE + luck.between(0, HOUR);
    let phone = luck.index(4);
    let act = match number % 4 {
        0 | 1 => Act::CutOff,
        2 => Act::Wipe { at_once: true },
        _ => Act::Wipe { at_once: false },
    };
    items.push(at(cut, phone, act));
    items.push(at(cut + 2 * HOUR, 0, Act::BackUp));
    if number & 2 == 2 {
        items.push(at(cut + 3 * HOUR, phone, Act::EnrolAnew));
    }
    plan(8_000 + number, 4, items)
}

/// News that is passed over in the feed or lost inside a phone is found by comparing. What stands for two servers and a
/// number that is committed late is the mutant `feed-number-outside-transaction`, which must be caught.
pub(super) fn feed_gap(number: u64) -> Plan {
    let mut luck = Luck::of(number, 19);
    let mut items = steady_work(&mut luck, 0..4, ENROLLED);
    for phone in 0..4 {
        items.push(at(0, phone, Act::SmallPages(1)));
        let gap = if luck.in_thousand(500) { Act::LosePulled(1) } else { Act::SkipInFeed(1) };
        items.push(at(luck.between(HOUR, EVENING), phone, gap));
    }
    items.push(at(luck.between(HOUR, EVENING), 0, Act::StepServerClock(-2 * HOUR)));
    plan(9_000 + number, 4, items)
}

/// Three versions of the app in one team, whose supervisor has the middle one; the newest writes a field that the
/// others carry along unread, and puts keys into messages that the server does not know; the server does the same to
/// the oldest. The phone's disk fills up in the middle.
pub(super) fn three_app_versions(number: u64) -> Plan {
    let mut luck = Luck::of(number, 20);
    let mut items = steady_work(&mut luck, 0..6, ENROLLED);
    for phone in 0..6 {
        for _ in 0..6 {
            let act = Act::WriteUnknown;
            let time = luck.between(ENROLLED + 20 * MINUTE, EVENING);
            items.push(Item { at: time, phone, luck: luck.below(u64::MAX), act });
        }
    }
    items.push(at(luck.between(HOUR, EVENING), luck.index(6), Act::FillDisk(20 * MINUTE)));
    plan(10_000 + number, 6, items)
}

/// Everybody has a day's work and comes within ten minutes. What stands for 5,000 phones is a dozen whose messages
/// cross; for a database that fails over to a lagging replica, a server that is set back to a copy of ten minutes ago.
pub(super) fn evening_storm(number: u64) -> Plan {
    let mut luck = Luck::of(number, 14);
    let mut items = Vec::new();
    for phone in 0..12 {
        for _ in 0..12 {
            let write =
                Item { at: luck.between(ENROLLED, 2 * HOUR), phone, luck: luck.below(u64::MAX), act: Act::Write };
            items.push(write);
        }
        items.push(at(ENROLLED + MINUTE, phone, Act::GoOffline(2 * HOUR)));
        // A fifth is on a line that trickles.
        let slow = if phone % 5 == 0 { 900 } else { 200 };
        items.push(at(0, phone, Act::Line(Line { lost: 100, slow, twice: 100, cut: 60 })));
        items.push(at(130 * MINUTE + luck.between(0, 10 * MINUTE), phone, Act::Ask));
    }
    let storm = |luck: &mut Luck| 130 * MINUTE + luck.between(0, 15 * MINUTE);
    for _ in 0..6 {
        let steps = u32::try_from(luck.below(30)).unwrap_or(0);
        items.push(at(storm(&mut luck), 0, Act::KillServerAfter(steps)));
        items.push(at(storm(&mut luck), 0, Act::RefuseServer(3)));
        items.push(at(storm(&mut luck), 0, Act::KillServerAfterCommit));
    }
    items.push(at(storm(&mut luck), 0, Act::FillServerDisk(3 * MINUTE)));
    items.push(at(135 * MINUTE, 0, Act::BackUp));
    items.push(at(145 * MINUTE, 0, Act::Restore { told: number & 1 == 1, nth: 0 }));
    for minute in 130..200 {
        items.push(at(minute * MINUTE, 0, Act::Publish));
    }
    plan(5_000 + number, 12, items)
}

/// App and server die after so many storage steps, again and again.
pub(super) fn crash_matrix(number: u64) -> Plan {
    let mut luck = Luck::of(number, 15);
    let mut items = steady_work(&mut luck, 0..2, ENROLLED);
    let steps = u32::try_from(number).unwrap_or(u32::MAX);
    for phone in 0..2 {
        items.push(at(0, phone, Act::KillAfter(steps)));
        for round in 0..4 {
            items.push(at(ENROLLED + round * HOUR + luck.between(0, HOUR), phone, Act::KillAfter(steps)));
        }
    }
    for round in 0..6 {
        items.push(at(ENROLLED + round * 45 * MINUTE, 0, Act::KillServerAfter(steps % 30)));
    }
    plan(6_000 + number, 2, items)
}

/// Clocks in 1970, in three years, in another time zone, and set back and forth over restarts.
pub(super) fn lying_clocks(number: u64) -> Plan {
    let mut luck = Luck::of(number, 16);
    let mut items = steady_work(&mut luck, 0..3, ENROLLED);
    let lies = [-57 * YEAR, 3 * YEAR, -14 * HOUR, 14 * HOUR, -10 * YEAR, 30 * YEAR];
    for phone in 0..3 {
        items.push(at(0, phone, Act::Line(Line { slow: 100, ..Line::default() })));
        for _ in 0..4 {
            let by = luck.pick(&lies).copied().unwrap_or(YEAR);
            let time = luck.between(0, EVENING);
            items.push(at(time, phone, Act::SetClock(by)));
            if luck.in_thousand(500) {
                items.push(at(time + MINUTE, phone, Act::Reboot));
            }
        }
    }
    items.push(at(luck.between(HOUR, EVENING), 0, Act::StepServerClock(luck.between(-2 * HOUR, 2 * HOUR))));
    items.push(at(luck.between(HOUR, EVENING), 0, Act::StepServerClock(-3 * HOUR)));
    plan(7_000 + number, 3, items)
}
