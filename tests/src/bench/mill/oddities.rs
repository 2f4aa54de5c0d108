//! What is rare among records and has pages of its own: changes that were set aside, values in conflict, photos, and
//! changes that nobody can place.

use std::io::Cursor;

use futures_util::stream;
use image::{ImageFormat, Rgb, RgbImage};
use server::photo::upload::{self, Piece, Wish};
use server::service::projector;
use server::state::App;
use server::store::drift::{NewStray, StrayLimits};
use server::store::{ChangeState, Device};
use sha2::{Digest as _, Sha256};
use sync_core::document::{Document, NewChange};
use sync_core::id::{ActorId, EntryId, PhotoHash, RecordId};
use sync_core::record::entry::{Entry as _, PhotoEntry, PhotoRequest};
use sync_core::record::lead::{LeadEdit, LeadFacts};
use sync_core::record::office::OfficeEdit;
use sync_core::record::survey::{Answer, SurveyEdit, SurveyFacts};
use sync_core::record::view::AnyView;
use sync_core::record::visit::{VisitEdit, VisitFacts};
use sync_core::time::UnixMillis;
use sync_core::trust::code;

use super::{DAY, DAYS, Mill};
use crate::bench::company::{Company, Post};
use crate::bench::ground::odd;
use crate::bench::workload::Workload;
use crate::failure::Failure;

/// Days with photos, conflicts and strays: some hundreds of each.
const FEW_DAYS: u32 = 8;
/// Strays may be as many as there are.
const NO_LIMITS: StrayLimits = StrayLimits { changes: u32::MAX, bytes: 1 << 40 };

/// Has two promoters' phones hand in what people at the console have to look at.
///
/// # Errors
/// When the database or the server's parts refuse.
pub async fn fill(app: &App, seed: u64) -> Result<(), Failure> {
    let workload = Workload::new(seed)?;
    let codes = Company::of(app).await?.hire(app, Post::Anywhere, 2).await?;
    let [greedy, odd_one] = codes.as_slice() else { return Err(odd("two people were not hired")) };
    // None of the others grows from these seeds: their phones would be the same phones.
    let mut mill = Mill::enrol(app, greedy, seed ^ (1 << 40), 0..DAY * DAYS).await?;
    for day in 0..DAYS {
        mill.write(&workload, day)?;
        mill.overreach()?;
        mill.hand_in(app).await?;
    }
    let mut mill = Mill::enrol(app, odd_one, seed ^ (1 << 41), 0..DAY * FEW_DAYS).await?;
    for day in 0..FEW_DAYS {
        mill.write(&workload, day)?;
        let oddities = mill.differ()?;
        mill.hand_in(app).await?;
        for (record, photo) in oddities.photos {
            bring(app, &mill.device, record, photo).await?;
        }
        let (organisation, now) = (mill.device.person.organisation, app.clock.now());
        let kept = app.store.keep_strays(organisation, mill.device.id, &oddities.strays, NO_LIMITS, now).await;
        kept.map_err(odd)?;
    }
    Ok(())
}

/// What goes with the records of a day beside their lines.
#[derive(Default)]
struct Oddities {
    photos: Vec<(RecordId, Vec<u8>)>,
    strays: Vec<NewStray>,
}

impl Mill {
    async fn hand_in(&mut self, app: &App) -> Result<(), Failure> {
        app.store.append(&[self.push()], app.salt).await.map_err(odd)?;
        projector::drain(app).await.map_err(odd)?;
        Ok(())
    }

    /// Writes twice what is the office's into each record of the day; the second change is taken for broken.
    fn overreach(&mut self) -> Result<(), Failure> {
        for (id, (mut document, number)) in std::mem::take(&mut self.open) {
            for (later, state) in [(1, ChangeState::Received), (2, ChangeState::Quarantined)] {
                let edit = OfficeEdit::ConfirmationSlip(Some(format!("A-{later}")));
                let change = document.edit_office(self.actor, self.clock.read().wall, &[edit]).map_err(odd)?;
                self.note(id, change.ok_or_else(nothing)?, number + later);
                if let Some(line) = self.lines.last_mut().filter(|_| state == ChangeState::Quarantined) {
                    line.state = state;
                    line.code = Some(code::MALFORMED.to_owned());
                }
            }
        }
        Ok(())
    }

    /// For each record of the day: writes two values of one field of which neither knows the other, adds a photo, and
    /// keeps back a change under a name that the server has never heard of.
    fn differ(&mut self) -> Result<Oddities, Failure> {
        let mut oddities = Oddities::default();
        let other = ActorId::random(&mut self.rng);
        for (id, (mut document, number)) in std::mem::take(&mut self.open) {
            let at = self.clock.read().wall;
            let mut copy = copy_of(&mut document)?;
            self.note(id, set(&mut document, self.actor, at, "甲")?, number + 1);
            self.note_as(other, id, set(&mut copy, other, at, "乙")?, 1);
            let photo = picture(id)?;
            let request = PhotoRequest {
                hash: hash_of(&photo),
                bytes: photo.len() as u64,
                media_type: "image/jpeg".to_owned(),
                caption: None,
            };
            let entry = PhotoEntry::from_request(request, EntryId::random(&mut self.rng), at);
            let change = document.append(self.actor, at, &entry).map_err(odd)?;
            self.note(id, change.ok_or_else(nothing)?, number + 2);
            oddities.photos.push((id, photo));
            let actor = ActorId::random(&mut self.rng);
            let NewChange { hash, bytes, .. } = set(&mut document, actor, at, "丙")?;
            let claimed = Some(self.device.person.id);
            oddities.strays.push(NewStray { record: id, hash, actor, raw: bytes, claimed });
        }
        Ok(oddities)
    }
}

fn nothing() -> Failure {
    odd("an edit that changes nothing")
}

fn copy_of(document: &mut Document) -> Result<Document, Failure> {
    let changes = document.changes();
    Document::load(changes.iter().map(|change| change.bytes.as_slice())).map_err(odd)
}

/// Writes a field of which a record has one value.
fn set(document: &mut Document, actor: ActorId, at: UnixMillis, value: &str) -> Result<NewChange, Failure> {
    let text = Some(value.to_owned());
    let change = match document.any_view().map_err(odd)? {
        AnyView::Visit(_) => document.edit::<VisitFacts>(actor, at, &[VisitEdit::NextAction(text)]),
        AnyView::Lead(_) => document.edit::<LeadFacts>(actor, at, &[LeadEdit::IntentArea(text)]),
        AnyView::Survey(_) => {
            let answer = SurveyEdit::Answer("home/q1".to_owned(), text.map(Answer::Text));
            document.edit::<SurveyFacts>(actor, at, &[answer])
        }
    };
    change.map_err(odd)?.ok_or_else(nothing)
}

fn hash_of(bytes: &[u8]) -> PhotoHash {
    PhotoHash(Sha256::digest(bytes).into())
}

/// A photo that nobody has taken: another one for each record.
fn picture(record: RecordId) -> Result<Vec<u8>, Failure> {
    // A stripe for each byte of its name.
    let picture = RgbImage::from_fn(480, 320, |x, y| {
        let byte = record.as_bytes().get(x as usize / 30).copied().unwrap_or_default();
        Rgb([byte, byte.reverse_bits(), (y % 256) as u8])
    });
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Jpeg).map_err(odd)?;
    Ok(bytes.into_inner())
}

/// Uploads a photo in one piece.
async fn bring(app: &App, device: &Device, record: RecordId, photo: Vec<u8>) -> Result<(), Failure> {
    let wish = Wish { hash: hash_of(&photo), length: photo.len() as u64, record };
    let upload = upload::begin(app, device, wish).await.map_err(odd)?;
    let bytes = Box::pin(stream::once(std::future::ready(Ok(photo.into()))));
    let piece = Piece { offset: 0, announced: Some(wish.length), checksum: None, bytes };
    let done = upload::append(app, device, upload.id, piece).await.map_err(odd)?;
    if done.completed_at.is_none() { Err(odd("a photo that was not stored")) } else { Ok(()) }
}
