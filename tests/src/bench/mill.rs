//! Fills a database with what came in over months, without phones and without HTTP: documents are made by the code that
//! phones make them with, and go in as segments of promoters' journals, which the server's own `receive` takes in and
//! judges as it does those of a storm.
//!
//! A large filling is made once and kept in the target directory.

pub mod oddities;

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use futures_util::future::try_join_all;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use server::auth::code::Code;
use server::service::projector;
use server::service::receive::{Received, receive};
use server::state::App;
use server::store::{ChangeState, Device, DeviceReport, NewDevice, NewLine, Push};
use sync_core::document::{Document, NewChange, NewRecord};
use sync_core::id::{ActorId, DeviceId, EntryId, RecordId};
use sync_core::journal::{Head, Key};
use sync_core::notebook::CreateRequest;
use sync_core::record::entry::{Entry as _, FollowUp};
use sync_core::record::header::{Header, SCHEMA};
use sync_core::time::UnixMillis;
use sync_core::wire::exchange::Backlog;
use sync_core::wire::segment::{Item, Segment};

use super::Setting;
use super::company::{Company, Post};
use super::ground::{Ground, odd};
use super::workload::{Desk, Workload};
use crate::clock::{DayClock, UTC_OFFSET_MINUTES, yesterday};
use crate::failure::Failure;
use crate::phone::{APP, Book};
use crate::progress::{Stretch, say};

/// Records of one promoter in a day.
const DAY: u32 = 40;
/// Days over which they came in: of one month, so that on PostgreSQL they lie where the storm's records go.
const DAYS: u32 = 25;
/// Records of one push, which is what a transaction takes in.
const RECORDS_OF_A_PUSH: u32 = DAY;
/// Pushes of one transaction.
const PUSHES: usize = 32;
const DAY_MS: i64 = 24 * 3_600_000;

/// A database with as many records as the setting wants, and somebody at work in its company.
///
/// # Errors
/// When it can't be filled.
pub fn ground(setting: &Setting) -> Result<Ground, Failure> {
    if setting.stored == 0 {
        return Ground::fresh(setting.database);
    }
    let kept = place_of(setting)?;
    if !kept.exists() {
        let ground = Ground::fresh(setting.database)?;
        fill(&ground, Post::Anywhere, setting.stored, setting.seed)?;
        ground.keep(&kept)?;
        return Ok(ground);
    }
    say(&format!("with the {} records kept in {}", setting.stored, kept.display()));
    Ground::copy_of(&kept, setting.database)
}

/// Beside the programs: what is there was made by them.
fn place_of(setting: &Setting) -> Result<PathBuf, Failure> {
    let program = std::env::current_exe().map_err(Failure::system("can't find this program"))?;
    let name = format!("bench-{}-{}-{}", setting.database.as_str(), setting.stored, setting.seed);
    Ok(program.with_file_name(name))
}

/// Puts so many records into a database, written by promoters of this post.
///
/// # Errors
/// When the database refuses.
pub fn fill(ground: &Ground, post: Post, records: u32, seed: u64) -> Result<(), Failure> {
    let workload = Workload::new(seed)?;
    let stretch = Stretch::begin(&format!("fill the database with {records} records"), records as usize);
    ground.inside(async |app| {
        let promoters = records.div_ceil(DAY * DAYS).max(1);
        let codes = Company::of(app).await?.hire(app, post, promoters as usize).await?;
        let mut mills = Vec::new();
        for (number, code) in (0..).zip(&codes) {
            let first = number * DAY * DAYS;
            let numbers = first..records.min(first + DAY * DAYS);
            mills.push(Mill::enrol(app, code, seed ^ u64::from(first), numbers).await?);
        }
        let pushes = grind(mills, workload);
        loop {
            let taken: Vec<Push> = pushes.iter().take(PUSHES).collect::<Result<_, _>>()?;
            if taken.is_empty() {
                break;
            }
            taken.iter().for_each(|_| (0..RECORDS_OF_A_PUSH).for_each(|_| stretch.step()));
            arrive_together(app, taken).await?;
            projector::drain(app).await.map_err(odd)?;
        }
        // As a server that leads does all the time.
        while app.store.rebuild().tidy_words().await.map_err(odd)? {}
        Ok(())
    })?;
    stretch.end("done");
    Ok(())
}

/// Has the server take in pushes at once, but those of one phone one after the other.
async fn arrive_together(app: &App, mut pushes: Vec<Push>) -> Result<(), Failure> {
    while !pushes.is_empty() {
        let mut phones = HashSet::new();
        let (first, others): (Vec<Push>, Vec<Push>) = pushes.into_iter().partition(|push| phones.insert(push.device));
        try_join_all(first.iter().map(|push| arrive(app, push))).await?;
        pushes = others;
    }
    Ok(())
}

/// Has the server take in a push as it comes from a phone.
async fn arrive(app: &App, push: &Push) -> Result<(), Failure> {
    let device = app.store.device(push.device).await.map_err(odd)?;
    let items = push.lines.iter().map(|line| Item { entry: line.entry, change: line.raw.clone() });
    let segment = Segment::pack(&items.collect::<Vec<_>>(), push.head, push.signature).map_err(odd)?;
    match receive(app, &device, &segment, &push.report).await.map_err(odd)? {
        Received::Stored { .. } => Ok(()),
        other => Err(odd(format!("a push was not taken in: {other:?}"))),
    }
}

/// Hires promoters whose phones have nothing to hand in, until the company has so many people.
///
/// # Errors
/// When the database refuses.
pub async fn hire_up_to(app: &App, people: usize, seed: u64) -> Result<(), Failure> {
    let mut company = Company::of(app).await?;
    let missing = people.saturating_sub(company.hired());
    let stretch = Stretch::begin(&format!("hire promoters up to {people}"), missing);
    for (number, code) in (0_u64..).zip(&company.hire(app, Post::Anywhere, missing).await?) {
        Mill::enrol(app, code, seed ^ !number, 0..0).await?;
        stretch.step();
    }
    stretch.end("done");
    Ok(())
}

/// Has all promoters write, on threads of their own; a day of each is a push.
fn grind(mills: Vec<Mill>, workload: Workload) -> Receiver<Result<Push, Failure>> {
    let (pushes, ground) = sync_channel(2 * PUSHES);
    std::thread::spawn(move || {
        let mut mills = mills;
        for day in 0..DAYS {
            for mill in &mut mills {
                let push = mill.day(&workload, day).transpose();
                if push.is_some_and(|push| pushes.send(push).is_err()) {
                    return;
                }
            }
        }
    });
    ground
}

/// A promoter who writes without a phone.
struct Mill {
    device: Device,
    key: Key,
    actor: ActorId,
    rng: ChaCha8Rng,
    clock: Arc<DayClock>,
    head: Head,
    /// Where the journal stood when something was last pushed.
    pushed: Head,
    /// Which records of the workload are theirs.
    numbers: Range<u32>,
    /// The records of the day, with the number of changes that each has.
    open: HashMap<RecordId, (Document, u64)>,
    lines: Vec<NewLine>,
}

impl Mill {
    async fn enrol(app: &App, code: &str, seed: u64, numbers: Range<u32>) -> Result<Self, Failure> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let key = Key::generate(&mut rng);
        let code = Code::parse(code).ok_or_else(|| odd("a code that is none"))?;
        let now = app.clock.now();
        let new = NewDevice {
            id: DeviceId::new(now, &mut rng),
            key: key.public(),
            label: "mill".to_owned(),
            app: APP.to_owned(),
        };
        let device = app.store.redeem_code(&code.hash(), &new, now).await.map_err(odd)?;
        let clock = Arc::new(DayClock::new(first_day(), 0, seed));
        let (actor, head) = (ActorId::random(&mut rng), Head::EMPTY);
        let (pushed, open, lines) = (head, HashMap::new(), Vec::new());
        Ok(Self { device, key, actor, rng, clock, head, pushed, numbers, open, lines })
    }

    /// What they write on a day, as their phone would push it in the evening.
    fn day(&mut self, workload: &Workload, day: u32) -> Result<Option<Push>, Failure> {
        self.write(workload, day)?;
        Ok((!self.lines.is_empty()).then(|| self.push()))
    }

    /// Writes the records of a day.
    fn write(&mut self, workload: &Workload, day: u32) -> Result<(), Failure> {
        let first = self.numbers.start + day * DAY;
        let numbers = first.min(self.numbers.end)..(first + DAY).min(self.numbers.end);
        if numbers.is_empty() {
            return Ok(());
        }
        let clock = Arc::clone(&self.clock);
        clock.set(first_day().plus(DAY_MS * i64::from(day)));
        workload.write(self, &clock, numbers).map(drop)
    }

    /// What their phone pushes of what was written since.
    fn push(&mut self) -> Push {
        self.open.clear();
        let base = std::mem::replace(&mut self.pushed, self.head);
        let at = self.clock.read().wall;
        let report = DeviceReport { at, skew_ms: 0, app: APP.to_owned(), backlog: Backlog::default() };
        Push {
            device: self.device.id,
            person: self.device.person.id,
            organisation: self.device.person.organisation,
            base,
            head: self.head,
            signature: self.key.sign_head(self.device.id, &self.head),
            claims: Vec::new(),
            lines: std::mem::take(&mut self.lines),
            report,
            judged: Vec::new(),
        }
    }
}

impl Mill {
    /// Notes a change that was just made in the journal.
    fn note(&mut self, record: RecordId, change: NewChange, number: u64) {
        self.note_as(self.actor, record, change, number);
    }

    /// As [`Self::note`], for a change that was written under this name.
    fn note_as(&mut self, actor: ActorId, record: RecordId, change: NewChange, number: u64) {
        let (entry, head) = self.head.append(record, change.hash, self.clock.read());
        self.head = head;
        self.lines.push(NewLine {
            entry,
            actor: Some(actor),
            actor_seq: Some(number),
            raw: Some(change.bytes),
            state: ChangeState::Received,
            code: None,
        });
    }
}

impl Desk for Mill {
    fn make<F: Book>(&mut self, request: CreateRequest<F>) -> Result<RecordId, Failure> {
        let now = self.clock.read();
        let person = &self.device.person;
        let header = Header {
            id: RecordId::new(now.wall, &mut self.rng),
            kind: F::KIND,
            schema: SCHEMA,
            owner: person.id,
            office: person.office.ok_or_else(|| odd("a promoter without an office"))?,
            team: person.team,
            project: request.project,
            captured: now,
            utc_offset_minutes: UTC_OFFSET_MINUTES,
            place: request.place,
            device: self.device.id,
            app: APP.to_owned(),
        };
        let id = header.id;
        let entry = |request| FollowUp::from_request(request, EntryId::random(&mut self.rng), now.wall);
        let follow_ups: Vec<FollowUp> = request.follow_ups.into_iter().map(entry).collect();
        let new = NewRecord { header, facts: request.facts };
        let (document, change) = Document::create_with(self.actor, &new, &follow_ups).map_err(odd)?;
        self.open.insert(id, (document, 1));
        self.note(id, change, 1);
        Ok(id)
    }

    fn edit<F: Book>(&mut self, id: RecordId, edit: F::Edit) -> Result<(), Failure> {
        let at = self.clock.read().wall;
        let (document, number) = self.open.get_mut(&id).ok_or_else(|| odd("an edit of nothing"))?;
        let change = document.edit::<F>(self.actor, at, &[edit]).map_err(odd)?;
        let change = change.ok_or_else(|| odd("an edit that changes nothing"))?;
        *number += 1;
        let number = *number;
        self.note(id, change, number);
        Ok(())
    }
}

/// So that the last day is over before phones begin theirs.
fn first_day() -> UnixMillis {
    yesterday().plus(-DAY_MS * i64::from(DAYS))
}
