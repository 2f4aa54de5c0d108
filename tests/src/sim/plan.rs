//! What happens in a run and when: drawn from the seed before anything begins, so that any part of it can be taken
//! out to see whether the rest still fails.

use super::luck::Luck;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
/// When the day in the field ends and everything heals.
pub const DAY_END: i64 = 12 * HOUR;
/// By when everybody has had a first chance to enrol; before it no database is replaced.
const SETTLED: i64 = 30 * MINUTE;

/// How bad a line is: chances in a thousand, each for one message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Never arrives.
    pub lost: u64,
    /// Takes up to a minute.
    pub slow: u64,
    /// Arrives twice.
    pub twice: u64,
    /// Is cut off.
    pub cut: u64,
}

/// Something that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Somebody writes something down.
    Write,
    /// Somebody asks for a sync.
    Ask,
    /// Head quarters decides about a record.
    Review,
    /// Head quarters corrects a record.
    Correct,
    /// The projector works off what was received.
    Publish,
    /// The app is killed after so many more storage steps.
    KillAfter(u32),
    /// So many writes to the phone's storage fail.
    Refuse(u32),
    /// The phone's disk is full, for so long.
    FillDisk(i64),
    /// The wall clock is set by so much.
    SetClock(i64),
    /// The phone restarts.
    Reboot,
    /// No network, for so long.
    GoOffline(i64),
    /// A login page answers instead of the server, for so long.
    Portal(i64),
    /// The line changes.
    Line(Line),
    /// The server is killed and started again.
    KillServer,
    /// The server is killed once it has stored the next push, and started again.
    KillServerAfterCommit,
    /// A backup is taken.
    BackUp,
    /// The newest backup is put back; with the epoch raised, or not.
    Restore {
        /// Whether the restoration was done as the documentation says.
        told: bool,
    },
}

/// An entry of the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// When, in milliseconds from the beginning.
    pub at: i64,
    /// Which phone, where it is about one.
    pub phone: usize,
    /// Its own luck.
    pub luck: u64,
    /// What.
    pub act: Act,
}

/// A run before it happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The seed that it grew from.
    pub seed: u64,
    /// Offices.
    pub offices: usize,
    /// Phones.
    pub phones: usize,
    /// What happens, in order.
    pub items: Vec<Item>,
}

/// Faults that the product does not survive yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Switches {
    /// Head quarters may work between a backup and its restoration.
    pub staff_work_lost: bool,
}

impl Plan {
    /// Draws the plan of a seed.
    pub fn of(seed: u64, switches: Switches) -> Self {
        let mut luck = Luck::of(seed, 1);
        let offices = 2 + luck.index(2);
        let phones = 3 + luck.index(6);
        let mut items = Vec::new();
        for phone in 0..phones {
            draw_phone(&mut luck, phone, &mut items);
        }
        draw_server(&mut luck, &mut items);
        if luck.in_thousand(400) {
            draw_restoration(&mut luck, switches, &mut items);
        }
        items.sort_by_key(|item| item.at);
        Self { seed, offices, phones, items }
    }
}

fn item(luck: &mut Luck, from: i64, phone: usize, act: Act) -> Item {
    Item { at: luck.between(from, DAY_END), phone, luck: luck.below(u64::MAX), act }
}

fn draw_phone(luck: &mut Luck, phone: usize, items: &mut Vec<Item>) {
    for _ in 0..luck.between(8, 22) {
        items.push(item(luck, MINUTE, phone, Act::Write));
    }
    for _ in 0..luck.between(2, 8) {
        items.push(item(luck, MINUTE, phone, Act::Ask));
    }
    let bad = Line { lost: luck.below(150), slow: luck.below(300), twice: luck.below(100), cut: luck.below(80) };
    items.push(Item { at: 0, phone, luck: 0, act: Act::Line(bad) });
    for _ in 0..luck.below(3) {
        let worse = Line { lost: luck.below(600), ..bad };
        items.push(item(luck, 0, phone, Act::Line(worse)));
    }
    for _ in 0..luck.below(4) {
        let steps = u32::try_from(luck.below(40)).unwrap_or(0);
        items.push(item(luck, 0, phone, Act::KillAfter(steps)));
    }
    for _ in 0..luck.below(3) {
        let writes = 1 + u32::try_from(luck.below(4)).unwrap_or(0);
        items.push(item(luck, 0, phone, Act::Refuse(writes)));
    }
    let length = luck.between(MINUTE, 2 * HOUR);
    let now_and_then = [
        (250, Act::FillDisk(length)),
        (300, Act::Reboot),
        (500, Act::GoOffline(length)),
        (400, Act::Portal(length)),
        (300, Act::SetClock(luck_of_clocks(luck))),
        (150, Act::SetClock(luck_of_clocks(luck))),
    ];
    for (cases, act) in now_and_then {
        if luck.in_thousand(cases) {
            items.push(item(luck, 0, phone, act));
        }
    }
}

/// How people, networks and empty batteries set clocks.
fn luck_of_clocks(luck: &mut Luck) -> i64 {
    const YEAR: i64 = 365 * 24 * HOUR;
    match luck.below(5) {
        0 => luck.between(-10 * MINUTE, 10 * MINUTE),
        1 => luck.between(-14 * HOUR, 14 * HOUR),
        2 => -57 * YEAR,
        3 => 3 * YEAR,
        _ => luck.between(-2 * YEAR, 2 * YEAR),
    }
}

fn draw_server(luck: &mut Luck, items: &mut Vec<Item>) {
    // The projector never rests for long, and sometimes for too long.
    let mut at = 0;
    while at < DAY_END {
        at += luck.between(SECOND, 20 * MINUTE);
        items.push(Item { at, phone: 0, luck: luck.below(u64::MAX), act: Act::Publish });
    }
    for _ in 0..luck.between(2, 8) {
        items.push(item(luck, HOUR, 0, Act::Review));
    }
    for _ in 0..luck.between(1, 5) {
        items.push(item(luck, HOUR, 0, Act::Correct));
    }
    for _ in 0..luck.below(2) {
        items.push(item(luck, 0, 0, Act::KillServer));
    }
    for _ in 0..luck.below(2) {
        items.push(item(luck, 0, 0, Act::KillServerAfterCommit));
    }
}

fn draw_restoration(luck: &mut Luck, switches: Switches, items: &mut Vec<Item>) {
    let backup = Item { at: luck.between(SETTLED, DAY_END / 2), phone: 0, luck: 0, act: Act::BackUp };
    let told = luck.in_thousand(500);
    let restore = item(luck, backup.at + HOUR, 0, Act::Restore { told });
    let mut lost_until = restore.at;
    items.push(backup);
    items.push(restore);
    if luck.in_thousand(300) {
        // The same backup once more.
        let again = item(luck, restore.at, 0, Act::Restore { told: !told });
        lost_until = again.at;
        items.push(again);
    }
    if !switches.staff_work_lost {
        let lost = backup.at..=lost_until;
        items.retain(|item| !(matches!(item.act, Act::Review | Act::Correct) && lost.contains(&item.at)));
    }
}
