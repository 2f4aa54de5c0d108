//! What happens in a run and when: drawn from the seed before anything begins, so that any part of it can be taken
//! out to see whether the rest still fails.

use super::luck::Luck;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
/// By when everybody has had a first chance to enrol.
pub const ENROLLED: i64 = 11 * MINUTE;
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
    /// One reply is lost, after so many that arrive, and the app is killed meanwhile.
    LoseReply(u32),
    /// Head quarters gives a record to the person with this phone.
    Reassign,
    /// The person with this phone goes to another team, or back.
    MovePerson,
    /// The same, at the moment when the phone is reading its feed page by page.
    MoveWhilePaging,
    /// Head quarters decides about an amendment.
    Amend,
    /// The phone is cut off.
    CutOff,
    /// The phone is cut off and has to forget everything, once it has handed in what it has; a backup may be waited
    /// for.
    Wipe {
        /// Whether no backup is waited for.
        at_once: bool,
    },
    /// The person with this phone gets another code, and types it in.
    EnrolAnew,
    /// From now on the phone takes so few records in one answer.
    SmallPages(u32),
    /// Of what the next answers bring, so many records are lost inside the phone.
    LosePulled(u32),
    /// Of what the feed brings next, so many records are passed over by mistake.
    SkipInFeed(u32),
    /// A device that lies sends false changes.
    Strike,
    /// A newer app writes a field that this version does not know.
    WriteUnknown,
    /// Another phone becomes a copy of this one.
    Clone {
        /// Which.
        twin: usize,
    },
    /// The phone is backed up.
    BackUpPhone,
    /// The phone is set back to its backup.
    RestorePhone {
        /// The app was removed before, so that it is another installation.
        removed: bool,
    },
    /// The server is killed and started again.
    KillServer,
    /// The server is killed once it has stored the next push, and started again.
    KillServerAfterCommit,
    /// The server is killed after so many more storage steps, and started again.
    KillServerAfter(u32),
    /// So many writes to the server's storage fail.
    RefuseServer(u32),
    /// The server's disk is full, for so long.
    FillServerDisk(i64),
    /// The server's clock is stepped by so much.
    StepServerClock(i64),
    /// A backup is taken.
    BackUp,
    /// A backup is put back; with the epoch raised, or not.
    Restore {
        /// Whether the restoration was done as the documentation says.
        told: bool,
        /// Which backup, counted from the newest.
        nth: usize,
    },
}

impl Act {
    /// Whether it is work of staff, which a server that goes back in time forgets for good.
    pub fn is_at_the_console(self) -> bool {
        matches!(
            self,
            Self::Review
                | Self::Correct
                | Self::Reassign
                | Self::MovePerson
                | Self::MoveWhilePaging
                | Self::Amend
                | Self::CutOff
                | Self::Wipe { .. }
                | Self::EnrolAnew
        )
    }
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
    /// Phones that are there from the beginning.
    pub phones: usize,
    /// Phones that may become a copy of another one.
    pub twins: usize,
    /// For how many days a backup may still be put back after a newer one was made.
    pub restorable_days: u32,
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
        let mut plan = Self { seed, offices, phones, twins: 0, restorable_days: 0, items: Vec::new() };
        for phone in 0..phones {
            draw_phone(&mut luck, phone, &mut plan.items);
        }
        draw_server(&mut luck, &mut plan.items);
        if luck.in_thousand(500) {
            draw_moves(&mut luck, &mut plan);
        }
        if luck.in_thousand(400) {
            for _ in 0..luck.between(2, 8) {
                plan.items.push(item(&mut luck, SETTLED, 0, Act::Strike));
            }
        }
        if luck.in_thousand(600) {
            draw_parting(&mut luck, &mut plan);
        }
        if luck.in_thousand(450) {
            draw_gaps(&mut luck, &mut plan);
        }
        match luck.below(10) {
            0..5 => draw_restoration(&mut luck, switches, &mut plan),
            5..9 => draw_twins(&mut luck, &mut plan),
            _ => {}
        }
        plan.items.sort_by_key(|item| item.at);
        plan
    }
}

fn item(luck: &mut Luck, from: i64, phone: usize, act: Act) -> Item {
    Item { at: luck.between(from, DAY_END), phone, luck: luck.below(u64::MAX), act }
}

/// What a person does all day.
fn draw_work(luck: &mut Luck, from: i64, phone: usize, items: &mut Vec<Item>) {
    for _ in 0..luck.between(8, 22) {
        items.push(item(luck, from, phone, Act::Write));
    }
    for _ in 0..luck.between(2, 8) {
        items.push(item(luck, from, phone, Act::Ask));
    }
}

fn draw_phone(luck: &mut Luck, phone: usize, items: &mut Vec<Item>) {
    draw_work(luck, MINUTE, phone, items);
    for _ in 0..luck.below(3) {
        items.push(item(luck, SETTLED, phone, Act::WriteUnknown));
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
    for _ in 0..luck.between(1, 6) {
        items.push(item(luck, 2 * HOUR, 0, Act::Amend));
    }
    for _ in 0..luck.below(2) {
        items.push(item(luck, 0, 0, Act::KillServer));
    }
    for _ in 0..luck.below(2) {
        items.push(item(luck, 0, 0, Act::KillServerAfterCommit));
    }
    for _ in 0..luck.below(4) {
        let steps = u32::try_from(luck.below(40)).unwrap_or(0);
        items.push(item(luck, 0, 0, Act::KillServerAfter(steps)));
    }
    for _ in 0..luck.below(2) {
        let writes = 1 + u32::try_from(luck.below(6)).unwrap_or(0);
        items.push(item(luck, 0, 0, Act::RefuseServer(writes)));
    }
    if luck.in_thousand(250) {
        let length = luck.between(MINUTE, HOUR);
        items.push(item(luck, 0, 0, Act::FillServerDisk(length)));
    }
    if luck.in_thousand(350) {
        let by = luck.between(-3 * HOUR, -SECOND);
        items.push(item(luck, 0, 0, Act::StepServerClock(by)));
    }
}

fn draw_restoration(luck: &mut Luck, switches: Switches, plan: &mut Plan) {
    let first = Item { at: luck.between(SETTLED, DAY_END / 3), phone: 0, luck: 0, act: Act::BackUp };
    plan.items.push(first);
    let mut newest = first.at;
    if luck.in_thousand(700) {
        let second = item(luck, first.at, 0, Act::BackUp);
        newest = second.at.min(DAY_END - 2 * HOUR);
        plan.items.push(Item { at: newest, ..second });
        plan.restorable_days = 1;
    }
    let told = luck.in_thousand(500);
    let nth = luck.index(2) * usize::from(plan.restorable_days > 0);
    let restore = item(luck, newest + HOUR, 0, Act::Restore { told, nth });
    let mut lost_until = restore.at;
    plan.items.push(restore);
    if luck.in_thousand(500) {
        let nth = luck.index(2) * usize::from(plan.restorable_days > 0);
        let again = item(luck, restore.at, 0, Act::Restore { told: !told, nth });
        lost_until = again.at;
        plan.items.push(again);
    }
    if !switches.staff_work_lost {
        let lost = first.at..=lost_until;
        // A move that waits for its moment might find it just then.
        let forgotten = |item: &Item| item.act == Act::MoveWhilePaging || lost.contains(&item.at);
        plan.items.retain(|item| !(item.act.is_at_the_console() && forgotten(item)));
    }
}

/// Phones that are copied, or set back.
fn draw_twins(luck: &mut Luck, plan: &mut Plan) {
    for _ in 0..luck.between(1, 2) {
        let phone = luck.index(plan.phones);
        if luck.in_thousand(500) {
            let backup = Item { at: luck.between(SETTLED, DAY_END / 2), phone, luck: 0, act: Act::BackUpPhone };
            let removed = luck.in_thousand(500);
            let restore = item(luck, backup.at + MINUTE, phone, Act::RestorePhone { removed });
            plan.items.extend([backup, restore]);
        } else {
            let twin = plan.phones + plan.twins;
            plan.twins += 1;
            let cloned = Item { at: luck.between(SETTLED, DAY_END / 2), phone, luck: 0, act: Act::Clone { twin } };
            plan.items.push(cloned);
            draw_work(luck, cloned.at, twin, &mut plan.items);
        }
    }
}

/// Records that are given to others, and people who go to another team and perhaps come back.
fn draw_moves(luck: &mut Luck, plan: &mut Plan) {
    for _ in 0..luck.between(1, 6) {
        let phone = luck.index(plan.phones);
        plan.items.push(item(luck, HOUR, phone, Act::Reassign));
    }
    for _ in 0..luck.between(0, 3) {
        let phone = luck.index(plan.phones);
        let moved = item(luck, SETTLED, phone, Act::MovePerson);
        plan.items.push(moved);
        if luck.in_thousand(500) {
            // Back again, perhaps before the phone has read what the first move brought.
            let back = Item { at: moved.at + luck.between(SECOND, 40 * MINUTE), ..moved };
            plan.items.push(back);
        }
    }
    for phone in 0..plan.phones {
        if luck.in_thousand(500) {
            if luck.in_thousand(600) {
                plan.items.push(item(luck, HOUR, phone, Act::MoveWhilePaging));
            }
            let records = 1 + u32::try_from(luck.below(3)).unwrap_or(0);
            plan.items.push(Item { at: 0, phone, luck: 0, act: Act::SmallPages(records) });
        }
    }
}

/// Phones that are cut off or wiped, and people who enrol anew.
fn draw_parting(luck: &mut Luck, plan: &mut Plan) {
    for _ in 0..luck.between(1, 2) {
        let phone = luck.index(plan.phones);
        let act = match luck.below(5) {
            0 | 1 => Act::CutOff,
            2 | 3 => Act::Wipe { at_once: true },
            _ => Act::Wipe { at_once: false },
        };
        let parted = item(luck, HOUR, phone, act);
        plan.items.push(parted);
        if luck.in_thousand(800) {
            plan.items.push(item(luck, parted.at, phone, Act::EnrolAnew));
        }
        if luck.in_thousand(500) {
            plan.items.push(item(luck, parted.at, 0, Act::BackUp));
        }
    }
}

/// What should never happen and is found by comparing all the same.
fn draw_gaps(luck: &mut Luck, plan: &mut Plan) {
    for _ in 0..luck.between(1, 3) {
        let phone = luck.index(plan.phones);
        let act = if luck.in_thousand(500) { Act::LosePulled(1) } else { Act::SkipInFeed(1) };
        plan.items.push(item(luck, SETTLED, phone, act));
    }
}
