//! The night after: odd things that no contact of the day has, each on a phone of its own. A burst of records, a photo
//! that is used twice, a copied phone, and a day that is closed before all of it has come.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use client::{Network, OnMetered, PhotoPolicy};
use rusqlite::Connection;
use sync_core::id::RecordId;
use sync_core::notebook::CreateRequest;
use sync_core::record::visit::{VisitFacts, VisitKind};

use crate::clock::{DayClock, UTC_OFFSET_MINUTES, yesterday};
use crate::console::Console;
use crate::failure::Failure;
use crate::model::Chapter;
use crate::oddity::Flagged;
use crate::phone::Phone;
use crate::play::Play;
use crate::progress::Stretch;
use crate::world::issue_code;

/// When it begins, after everybody's last contact.
const BEGINS_MS: i64 = 21 * 3_600_000;
/// More than anybody makes in a minute.
const BURST: usize = 11;
/// From one record of the burst to the next.
const HASTE_MS: i64 = 4_000;
/// From one record of the night to the next, otherwise.
const PAUSE_MS: i64 = 10 * 60_000;
/// The picture that stands for two visits.
const PICTURE: &[u8] = include_bytes!("../../web/browser/picture.png");

/// What came of the night.
#[derive(Default)]
pub struct Night {
    /// The phones on which it happened; whatever they hold is their owners' first phones' as well.
    pub phones: Vec<Phone>,
    /// The flags that it has to raise.
    pub flags: BTreeSet<Flagged>,
}

impl Play {
    /// Lets it happen. Gives how many records were made.
    ///
    /// # Errors
    /// When a phone or the server refuses.
    pub fn night(&mut self) -> Result<usize, Failure> {
        let stretch = Stretch::begin("the night: a burst, a photo twice, a copied phone, a closed day", 4);
        let mut night = Night::default();
        let mut busy = self.second_phone(0, "busy")?;
        self.burst(&mut busy, &mut night)?;
        stretch.step();
        self.photo_twice(&mut busy, &mut night)?;
        stretch.step();
        self.copied(&mut night)?;
        stretch.step();
        self.late(busy, &mut night)?;
        stretch.step();
        let made: BTreeSet<RecordId> = night.phones.iter().flat_map(Phone::written).collect();
        stretch.end(&format!("{} records", made.len()));
        self.night = night;
        Ok(made.len())
    }

    /// Another phone of a promoter, in the night.
    fn second_phone(&self, promoter: usize, name: &str) -> Result<Phone, Failure> {
        let owner = &self.world.promoters[promoter % self.world.promoters.len()].phone;
        let clock = Arc::new(DayClock::new(yesterday().plus(BEGINS_MS), 0, self.plan.seed ^ promoter as u64));
        let server = self.server();
        let code = issue_code(&server, owner.person())?;
        let file = self.world.phones_folder.join(format!("{name}.db"));
        Phone::enrol(&owner.name, &file, &server.base_url(), &code, clock, Arc::clone(&self.pulse))
    }

    fn visit(&self, phone: &mut Phone) -> Result<RecordId, Failure> {
        phone.chapter = Chapter::Night;
        let facts = VisitFacts {
            visit_kind: Some(VisitKind::FollowUp),
            outlet: Some("锦江壹号售楼处".to_owned()),
            purpose: Some("补录回访".to_owned()),
            check_in_at: Some(phone.clock.read().wall),
            ..VisitFacts::default()
        };
        phone.make(CreateRequest { project: Some(self.world.project), facts, ..CreateRequest::default() })
    }

    /// Somebody writes down in a minute what they say they did all day.
    fn burst(&self, phone: &mut Phone, night: &mut Night) -> Result<(), Failure> {
        for _ in 0..BURST {
            phone.clock.pass(HASTE_MS);
            let visit = self.visit(phone)?;
            night.flags.insert((visit, "hasty_records".to_owned()));
        }
        self.publish(phone)
    }

    /// One picture proves two visits.
    fn photo_twice(&self, phone: &mut Phone, night: &mut Night) -> Result<(), Failure> {
        for _ in 0..2 {
            phone.clock.pass(PAUSE_MS);
            let visit = self.visit(phone)?;
            phone.daybook.attach_photo_bytes(visit, PICTURE, None).map_err(|error| phone.failed(&error))?;
            night.flags.insert((visit, "repeated_photo".to_owned()));
        }
        self.publish(phone)?;
        let policy = PhotoPolicy { network: Network::Unmetered, on_metered: OnMetered::Nothing };
        let report = phone.daybook.sync_photos(&policy).map_err(|error| phone.failed(&error))?;
        if report.uploaded == 1 {
            Ok(())
        } else {
            Err(phone.failed(&format!("the picture did not get through: {report:?}")))
        }
    }

    /// Somebody copies a phone, and both go on writing.
    fn copied(&self, night: &mut Night) -> Result<(), Failure> {
        let mut original = self.second_phone(1, "original")?;
        let before = self.visit(&mut original)?;
        self.publish(&original)?;
        let server = self.server().base_url();
        let file = self.world.phones_folder.join("copy.db");
        copy(&original.file, &file)?;
        let boot = self.plan.seed.wrapping_add(1);
        let clock = Arc::new(DayClock::new(original.clock.read().wall, 0, boot));
        let mut copy = original.copied(&file, &server, clock, Arc::clone(&self.pulse))?;
        original.clock.pass(PAUSE_MS);
        copy.clock.pass(2 * PAUSE_MS);
        let once = self.visit(&mut original)?;
        let twice = self.visit(&mut copy)?;
        // Who comes second learns that the journal was continued elsewhere, and so does the first one then.
        for phone in [&original, &copy, &original, &copy] {
            self.publish(phone)?;
        }
        // Whoever of them wrote it: of each it can't be told any more.
        night.flags.extend([before, once, twice].map(|visit| (visit, "cloned_device".to_owned())));
        night.phones.extend([original, copy]);
        Ok(())
    }

    /// An office closes the day, and then one more record comes.
    fn late(&self, mut phone: Phone, night: &mut Night) -> Result<(), Failure> {
        let office = &self.world.offices[self.world.promoters[0].office];
        let base = self.server().base_url();
        let login = self.world.secretary(office)?;
        let day = yesterday().day(UTC_OFFSET_MINUTES).to_string();
        Console::sign_in(&base, &login.login, &login.password)?.close_day(office.id, &day)?;
        phone.clock.pass(PAUSE_MS);
        let visit = self.visit(&mut phone)?;
        self.publish(&phone)?;
        night.flags.insert((visit, "late_record".to_owned()));
        night.phones.push(phone);
        Ok(())
    }
}

/// What is in a phone's store at this moment, as apps that clone phones copy it.
fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    let failed = |error: rusqlite::Error| Failure::Unexpected(format!("a phone can't be copied: {error}"));
    let store = Connection::open(from).map_err(failed)?;
    store.execute("vacuum into ?1", [to.to_string_lossy()]).map_err(failed).map(drop)
}
