//! Which flags a record raises, with what speaks for each. Pure: what others have to do with it is an argument.

use serde_json::{Map, Value, json};
use sync_core::id::{DeviceId, PhotoHash, RecordId};
use sync_core::time::{ClockReading, UnixMillis};

use super::Flag;
use super::sighting::{Point, Sighting};
use super::thresholds::Thresholds;

/// Two records whose times lie further apart are not compared.
pub const JOURNEY_MS: i64 = 3_600_000;
/// Within how much time records are counted.
pub const RATE_MS: i64 = 60_000;
/// A shorter way is no journey: fixes err, and somebody may stand between two masts.
const LEAST_WAY_M: f64 = 2_000.0;
/// A shorter time between two records counts as this much.
const LEAST_TIME_MS: i64 = 60_000;

/// With so many records at most a record is counted or flagged together. Who makes them by the thousand is known by that.
const MOST_TOGETHER: usize = 1_024;

/// Another record of the same person's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour {
    /// Which.
    pub record: RecordId,
    /// When it was made.
    pub at: UnixMillis,
    /// Where.
    pub point: Option<Point>,
}

/// How far the wall clock moved against the monotonic one between two lines of a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jump {
    /// At which line of the journal.
    pub n: u64,
    /// Forward if positive.
    pub jump_ms: i64,
}

impl Jump {
    /// Between two lines of a journal, the second of which is line `n`; `None` if there was a boot in between.
    pub fn between(before: ClockReading, after: ClockReading, n: u64) -> Option<Self> {
        let mono = |clock: ClockReading| i64::try_from(clock.mono_ms).unwrap_or(i64::MAX);
        let passed = mono(after).saturating_sub(mono(before));
        (before.boot == after.boot).then(|| Self { n, jump_ms: after.wall.since(before.wall).saturating_sub(passed) })
    }
}

/// What others have to do with a record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Surroundings {
    /// Records that the same person made at about the same time.
    pub near: Vec<Neighbour>,
    /// Leads with one of its phone numbers.
    pub same_phone: Vec<RecordId>,
    /// Records with one of its photos.
    pub same_photo: Vec<(PhotoHash, RecordId)>,
    /// Where its journal's clocks disagree.
    pub jumps: Vec<Jump>,
    /// When its phone's journal turned out to be continued elsewhere, if it was made before the phone had another
    /// identity.
    pub forked: Option<(DeviceId, UnixMillis)>,
    /// When its day was closed without it.
    pub closed_at: Option<UnixMillis>,
}

/// A flag with what speaks for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Raised {
    /// Which flag.
    pub flag: Flag,
    /// Numbers and words; never names, phones or coordinates.
    pub evidence: Map<String, Value>,
    /// The record with which it is raised.
    pub other: Option<RecordId>,
    /// Other records that raise it just as well.
    pub also: Vec<RecordId>,
}

impl Raised {
    fn of(flag: Flag, evidence: Value) -> Self {
        let Value::Object(evidence) = evidence else {
            return Self { flag, evidence: Map::new(), other: None, also: Vec::new() };
        };
        Self { flag, evidence, other: None, also: Vec::new() }
    }

    fn with(self, other: RecordId) -> Self {
        Self { other: Some(other), ..self }
    }

    /// All other records that carry the flag as well.
    pub fn others(&self) -> impl Iterator<Item = RecordId> {
        self.other.into_iter().chain(self.also.iter().copied())
    }
}

/// The set of flags that were raised.
pub fn bits(raised: &[Raised]) -> u64 {
    raised.iter().fold(0, |set, raised| set | raised.flag.bit())
}

/// All flags of a record, in the order of [`Flag::ALL`].
pub fn raise(record: RecordId, seen: &Sighting, around: &Surroundings, thresholds: &Thresholds) -> Vec<Raised> {
    let mut raised = Vec::new();
    raised.extend(mock_location(seen));
    raised.extend(clock_jump(around, thresholds));
    raised.extend(impossible_travel(seen, around, thresholds));
    raised.extend(outside_geofence(seen, thresholds));
    raised.extend(
        around
            .same_photo
            .iter()
            .map(|(photo, other)| Raised::of(Flag::RepeatedPhoto, json!({ "photo": photo.to_string() })).with(*other)),
    );
    raised.extend(hasty_survey(seen, thresholds));
    raised.extend(hasty_records(record, seen, around, thresholds));
    raised.extend(around.same_phone.iter().map(|other| Raised::of(Flag::DuplicatePhone, json!({})).with(*other)));
    raised.extend(around.forked.map(|(device, at)| {
        Raised::of(Flag::ClonedDevice, json!({ "device": device.to_string(), "forked_at": at.0 }))
    }));
    raised.extend(around.closed_at.map(|at| Raised::of(Flag::LateRecord, json!({ "closed_at": at.0 }))));
    raised.extend(seen.without_consent.then(|| Raised::of(Flag::MissingConsent, json!({}))));
    raised
}

fn mock_location(seen: &Sighting) -> Option<Raised> {
    (!seen.mock.is_empty()).then(|| Raised::of(Flag::MockLocation, json!({ "places": seen.mock })))
}

fn clock_jump(around: &Surroundings, thresholds: &Thresholds) -> Option<Raised> {
    let worst = around.jumps.iter().max_by_key(|jump| jump.jump_ms.unsigned_abs())?;
    let allowed = u64::from(thresholds.clock_jump_s) * 1_000;
    let evidence =
        json!({ "seconds": worst.jump_ms / 1_000, "line": worst.n, "allowed_seconds": thresholds.clock_jump_s });
    (worst.jump_ms.unsigned_abs() > allowed).then(|| Raised::of(Flag::ClockJump, evidence))
}

fn impossible_travel(seen: &Sighting, around: &Surroundings, thresholds: &Thresholds) -> Option<Raised> {
    let here = seen.point?;
    let speed = |neighbour: &Neighbour| {
        let metres = here.distance_m(neighbour.point?);
        let apart = neighbour.at.since(seen.at).saturating_abs();
        if metres < LEAST_WAY_M || apart > JOURNEY_MS {
            return None;
        }
        let km_h = metres * 3_600.0 / apart.max(LEAST_TIME_MS) as f64;
        (km_h > f64::from(thresholds.travel_km_h)).then_some((km_h, metres, apart, neighbour.record))
    };
    let mut journeys: Vec<_> = around.near.iter().filter_map(speed).collect();
    journeys.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.3.cmp(&b.3)));
    let (km_h, metres, apart, other) = *journeys.first()?;
    let evidence = json!({
        "metres": metres.round(), "seconds": apart / 1_000, "km_h": km_h.round(), "allowed_km_h": thresholds.travel_km_h,
    });
    let also = journeys[1..].iter().take(MOST_TOGETHER).map(|journey| journey.3).collect();
    Some(Raised { also, ..Raised::of(Flag::ImpossibleTravel, evidence).with(other) })
}

fn outside_geofence(seen: &Sighting, thresholds: &Thresholds) -> Option<Raised> {
    let (metres, accuracy) = seen.from_outlet?;
    let evidence = json!({
        "metres": metres.round(), "accuracy_metres": accuracy.round(), "allowed_metres": thresholds.geofence_m,
    });
    let outside = metres > f64::from(thresholds.geofence_m) + accuracy;
    outside.then(|| Raised::of(Flag::OutsideGeofence, evidence))
}

fn hasty_survey(seen: &Sighting, thresholds: &Thresholds) -> Option<Raised> {
    let (took_ms, questions) = seen.survey?;
    let least = i64::from(thresholds.question_ms).saturating_mul(i64::try_from(questions).unwrap_or(i64::MAX));
    let evidence = json!({ "seconds": took_ms / 1_000, "questions": questions, "least_seconds": least / 1_000 });
    (took_ms < least).then(|| Raised::of(Flag::HastySurvey, evidence))
}

/// The fullest minute in which the record lies.
fn hasty_records(record: RecordId, seen: &Sighting, around: &Surroundings, thresholds: &Thresholds) -> Option<Raised> {
    let mut times: Vec<(UnixMillis, RecordId)> = around.near.iter().map(|near| (near.at, near.record)).collect();
    times.push((seen.at, record));
    times.retain(|(at, _)| at.since(seen.at).saturating_abs() < RATE_MS);
    // Looking at every minute of each costs the square of their number.
    times.sort_unstable_by_key(|(at, id)| (*id != record, at.since(seen.at).saturating_abs(), *id));
    times.truncate(MOST_TOGETHER);
    times.sort_unstable();
    let minute = |first: usize| {
        let from = times[first].0;
        let length = times[first..].iter().take_while(|(at, _)| at.since(from) < RATE_MS).count();
        &times[first..first + length]
    };
    let minutes = (0..times.len()).map(minute).filter(|minute| minute.iter().any(|(_, id)| *id == record));
    let fullest = minutes.max_by_key(|minute| minute.len())?;
    if fullest.len() <= thresholds.records_a_minute as usize {
        return None;
    }
    let evidence = json!({ "records": fullest.len(), "allowed_records": thresholds.records_a_minute });
    let also = fullest.iter().map(|(_, id)| *id).filter(|id| *id != record).collect();
    Some(Raised { also, ..Raised::of(Flag::HastyRecords, evidence) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sync_core::time::BootId;

    use super::*;

    const USUAL: Thresholds =
        Thresholds { geofence_m: 500, question_ms: 2_000, clock_jump_s: 120, travel_km_h: 160, records_a_minute: 3 };

    fn id(n: u128) -> RecordId {
        RecordId(uuid::Uuid::from_u128(n))
    }

    /// So many metres north of a place.
    fn north(metres: f64) -> Point {
        #[expect(clippy::cast_possible_truncation, reason = "a few kilometres")]
        let lat = 300_000_000 + (metres / 111_195.08 * 1e7) as i32;
        Point { lat, lon: 1_040_000_000 }
    }

    fn near(n: u128, at: i64, metres: f64) -> Neighbour {
        Neighbour { record: id(n), at: UnixMillis(at), point: Some(north(metres)) }
    }

    fn flags(seen: &Sighting, around: &Surroundings) -> Vec<Flag> {
        raise(id(0), seen, around, &USUAL).into_iter().map(|raised| raised.flag).collect()
    }

    fn nothing() -> Sighting {
        Sighting { at: UnixMillis(10_000_000), point: Some(north(0.0)), ..Sighting::default() }
    }

    #[test]
    fn a_plain_record_raises_nothing() {
        assert_eq!(flags(&nothing(), &Surroundings::default()), []);
    }

    #[test]
    fn each_flag_is_raised_beyond_its_threshold_and_not_on_it() {
        let around = Surroundings::default;
        let jump = |jump_ms| Surroundings { jumps: vec![Jump { n: 7, jump_ms }], ..around() };
        let beside = |near: Neighbour| Surroundings { near: vec![near], ..around() };
        let outlet = |metres| Sighting { from_outlet: Some((metres, 20.0)), ..nothing() };
        let survey = |took| Sighting { survey: Some((took, 10)), ..nothing() };
        for (seen, around, raised) in [
            (Sighting { mock: vec!["check_in"], ..nothing() }, around(), Some(Flag::MockLocation)),
            (nothing(), jump(120_000), None),
            (nothing(), jump(-120_001), Some(Flag::ClockJump)),
            // Two kilometres in a minute are 120 km/h, three are 180.
            (nothing(), beside(near(1, 10_060_000, 2_001.0)), None),
            (nothing(), beside(near(1, 10_060_000, 3_000.0)), Some(Flag::ImpossibleTravel)),
            (nothing(), beside(near(1, 9_940_000, 3_000.0)), Some(Flag::ImpossibleTravel)),
            (nothing(), beside(near(1, 10_000_000, 1_999.0)), None),
            (nothing(), beside(near(1, 10_000_000 + JOURNEY_MS + 1, 900_000.0)), None),
            (Sighting { point: None, ..nothing() }, beside(near(1, 10_000_000, 90_000.0)), None),
            (outlet(520.0), around(), None),
            (outlet(520.1), around(), Some(Flag::OutsideGeofence)),
            (survey(20_000), around(), None),
            (survey(19_999), around(), Some(Flag::HastySurvey)),
            (nothing(), Surroundings { same_phone: vec![id(1)], ..around() }, Some(Flag::DuplicatePhone)),
            (
                nothing(),
                Surroundings { same_photo: vec![(PhotoHash([1; 32]), id(1))], ..around() },
                Some(Flag::RepeatedPhoto),
            ),
            (
                nothing(),
                Surroundings { forked: Some((DeviceId::from([1; 16]), UnixMillis(5))), ..around() },
                Some(Flag::ClonedDevice),
            ),
            (nothing(), Surroundings { closed_at: Some(UnixMillis(5)), ..around() }, Some(Flag::LateRecord)),
            (Sighting { without_consent: true, ..nothing() }, around(), Some(Flag::MissingConsent)),
        ] {
            assert_eq!(flags(&seen, &around), raised.into_iter().collect::<Vec<_>>(), "{seen:?} {around:?}");
        }
    }

    #[test]
    fn a_clock_jumps_only_within_a_boot() {
        let clock = |wall, mono_ms, boot| ClockReading { wall: UnixMillis(wall), mono_ms, boot: BootId(boot) };
        let between = |before, after| Jump::between(before, after, 2).map(|jump| jump.jump_ms);
        assert_eq!(between(clock(1_000, 10, 1), clock(6_000, 5_010, 1)), Some(0));
        assert_eq!(between(clock(1_000, 10, 1), clock(500, 5_010, 1)), Some(-5_500));
        assert_eq!(between(clock(1_000, 10, 1), clock(500, 5_010, 2)), None);
        assert_eq!(between(clock(i64::MIN, 0, 1), clock(i64::MAX, u64::MAX, 1)), Some(0), "absurd clocks end nothing");
    }

    #[test]
    fn a_minute_may_hold_so_many_records_wherever_it_begins() {
        let at = |offsets: &[i64]| Surroundings {
            near: (1..).zip(offsets).map(|(n, offset)| near(n, 10_000_000 + offset, 0.0)).collect(),
            ..Surroundings::default()
        };
        assert_eq!(flags(&nothing(), &at(&[-59_999, 10, 59_999])), [], "each minute holds three");
        let hasty = raise(id(0), &nothing(), &at(&[-30_000, -10_000, 29_999, 59_999]), &USUAL);
        assert_eq!(hasty.len(), 1);
        assert_eq!((hasty[0].flag, &hasty[0].evidence["records"]), (Flag::HastyRecords, &json!(4)));
        assert_eq!(hasty[0].also, [id(1), id(2), id(3)]);
    }

    #[test]
    fn whoever_makes_records_by_the_thousand_is_flagged_with_some_of_them() {
        let near = (1..5_000).map(|n| near(n, 10_000_000 + i64::try_from(n % 9).unwrap(), 0.0)).collect();
        let hasty = raise(id(0), &nothing(), &Surroundings { near, ..Surroundings::default() }, &USUAL);
        assert_eq!((hasty[0].flag, &hasty[0].evidence["records"]), (Flag::HastyRecords, &json!(MOST_TOGETHER)));
        assert_eq!(hasty[0].also.len(), MOST_TOGETHER - 1);
    }

    #[test]
    fn evidence_names_the_fastest_journey_and_the_others_carry_the_flag_too() {
        let around = Surroundings {
            near: vec![near(1, 10_600_000, 90_000.0), near(2, 10_060_000, 50_000.0), near(3, 10_000_000, 10.0)],
            ..Surroundings::default()
        };
        let raised = raise(id(0), &nothing(), &around, &USUAL);
        assert_eq!((raised.len(), raised[0].other, raised[0].also.clone()), (1, Some(id(2)), vec![id(1)]));
        assert_eq!(raised[0].evidence["km_h"], json!(3_000.0));
    }

    proptest! {
        /// Of two records either both see an impossible journey between them or none, whatever their clocks say.
        #[test]
        fn journeys_look_the_same_from_both_ends(a: i64, b: i64, metres in 0.0..60_000.0) {
            let seen = |at, metres| Sighting { at: UnixMillis(at), point: Some(north(metres)), ..Sighting::default() };
            let from = |n, at, metres| Surroundings { near: vec![near(n, at, metres)], ..Surroundings::default() };
            let there = raise(id(1), &seen(a, 0.0), &from(2, b, metres), &USUAL);
            let back = raise(id(2), &seen(b, metres), &from(1, a, 0.0), &USUAL);
            prop_assert_eq!(bits(&there), bits(&back));
        }

        /// Whoever stands in the fullest minute of somebody else stands in one that is as full.
        #[test]
        fn all_records_of_a_hasty_minute_are_hasty(times in proptest::collection::vec(0..200_000_i64, 1..12)) {
            let all: Vec<Neighbour> = (0..).zip(&times).map(|(n, at)| near(n, *at, 0.0)).collect();
            let raised = |n: usize| {
                let others = all.iter().copied().enumerate().filter(|(other, _)| *other != n).map(|(_, it)| it);
                let around = Surroundings { near: others.collect(), ..Surroundings::default() };
                let seen = Sighting { at: all[n].at, ..Sighting::default() };
                raise(all[n].record, &seen, &around, &USUAL)
            };
            for n in 0..all.len() {
                for also in raised(n).iter().flat_map(Raised::others) {
                    let other = all.iter().position(|it| it.record == also).unwrap();
                    prop_assert_eq!(bits(&raised(other)), Flag::HastyRecords.bit());
                }
            }
        }
    }
}
