//! The organisation.

use sync_core::id::{OfficeId, OrganisationId, ProjectId, TeamId};
use sync_core::time::UnixMillis;
use sync_core::wire::enrol::Role;

use super::world::World;
use crate::day::hours::EveningHour;
use crate::flag::thresholds::Thresholds;
use crate::store::*;

pub(in crate::store) async fn an_organisation_is_found_as_it_was_founded(store: &dyn Store) {
    assert_eq!(store.organisations().await.unwrap(), []);
    let mut world = World::found(store).await;
    let found = world.organisations().await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].id, found[0].name.as_str()), (world.organisation, "Harbour Homes"));
    let offices = world.offices(world.organisation).await.unwrap();
    assert_eq!(offices.iter().map(|office| office.id).collect::<Vec<_>>(), world.offices);
    assert_eq!(offices[0].time_zone, "Asia/Shanghai");
    let edit = OfficeEdit { time_zone: Some("Asia/Urumqi".to_owned()), ..OfficeEdit::default() };
    store.change_office(world.offices[0], &edit).await.unwrap();
    let zones: Vec<String> =
        store.offices(world.organisation).await.unwrap().into_iter().map(|it| it.time_zone).collect();
    assert_eq!(zones, ["Asia/Urumqi", "Asia/Shanghai"]);
    let evening = EveningHour::new(20);
    let edit = OrganisationEdit { name: Some("Harbour & Sons".to_owned()), evening, ..OrganisationEdit::default() };
    store.change_organisation(world.organisation, &edit).await.unwrap();
    let changed = store.organisation(world.organisation).await.unwrap();
    assert_eq!((changed.name.as_str(), Some(changed.evening), changed.keep_exif), ("Harbour & Sons", evening, false));
    let edit = OrganisationEdit { keep_exif: Some(true), ..OrganisationEdit::default() };
    store.change_organisation(world.organisation, &edit).await.unwrap();
    assert_eq!(store.organisation(world.organisation).await.unwrap(), Organisation { keep_exif: true, ..changed });
    let thresholds = Thresholds { geofence_m: 200, ..Thresholds::default() };
    store.set_thresholds(world.organisation, &thresholds).await.unwrap();
    assert_eq!(store.organisation(world.organisation).await.unwrap().thresholds, thresholds);
    let teams = world.teams(world.organisation).await.unwrap();
    assert_eq!(
        teams.iter().map(|team| (team.id, team.office)).collect::<Vec<_>>(),
        [(world.teams[0], world.offices[0]), (world.teams[1], world.offices[1])]
    );
    let wang = world.promoter("Wang", 0).await;
    let chief = world.person("Chen", Role::HqAdmin, None, Some(("chen", "hash"))).await;
    assert_eq!(world.people(world.organisation).await.unwrap(), [chief.clone(), wang.clone()]);
    assert_eq!(store.person(wang.id).await.unwrap(), wang);
    let nobody = sync_core::id::PersonId::new(UnixMillis(1), &mut world.rng);
    assert!(matches!(store.person(nobody).await, Err(StoreError::NotFound)));
    let stranger = OrganisationId::new(UnixMillis(1), &mut world.rng);
    assert_eq!(world.offices(stranger).await.unwrap(), []);
    world.ping().await.unwrap();
}

pub(in crate::store) async fn names_are_unique_where_they_must_be(store: &dyn Store) {
    let mut world = World::found(store).await;
    let at = UnixMillis(5);
    let twin = Organisation {
        id: OrganisationId::new(at, &mut world.rng),
        name: "Harbour Homes".to_owned(),
        created_at: at,
        keep_exif: false,
        evening: Default::default(),
        thresholds: Default::default(),
    };
    assert!(matches!(store.create_organisation(&twin).await, Err(StoreError::Conflict("organisation"))));
    store.create_organisation(&Organisation { name: "Hill Homes".to_owned(), ..twin.clone() }).await.unwrap();
    let edit = OrganisationEdit { name: Some(twin.name.clone()), ..OrganisationEdit::default() };
    let renamed = store.change_organisation(twin.id, &edit).await;
    assert!(matches!(renamed, Err(StoreError::Conflict("organisation"))));
    assert!(matches!(
        store.change_organisation(OrganisationId::new(at, &mut world.rng), &edit).await,
        Err(StoreError::NotFound)
    ));
    let mut office = store.offices(world.organisation).await.unwrap().remove(0);
    office.id = OfficeId::new(at, &mut world.rng);
    assert!(matches!(store.create_office(&office).await, Err(StoreError::Conflict("office"))));
    let edit = OfficeEdit { name: Some(office.name.clone()), ..OfficeEdit::default() };
    assert!(matches!(store.change_office(world.offices[1], &edit).await, Err(StoreError::Conflict("office"))));
    assert!(matches!(store.change_office(office.id, &edit).await, Err(StoreError::NotFound)));
    let mut team = store.teams(world.organisation).await.unwrap().remove(0);
    team.id = TeamId::new(at, &mut world.rng);
    assert!(matches!(store.create_team(&team).await, Err(StoreError::Conflict("team"))));
    // The same name in the other office is another team.
    team.office = world.offices[1];
    store.create_team(&team).await.unwrap();
    team.id = TeamId::new(at, &mut world.rng);
    team.office = OfficeId::new(at, &mut world.rng);
    assert!(matches!(store.create_team(&team).await, Err(StoreError::NotFound)), "no such office");

    let mut chen = world.person("Chen", Role::Reviewer, None, Some(("chen", "hash"))).await;
    chen.id = sync_core::id::PersonId::new(at, &mut world.rng);
    assert!(matches!(store.create_person(&chen, Some("hash")).await, Err(StoreError::Conflict("login"))));
    assert_eq!(store.people(world.organisation).await.unwrap().len(), 1);
}

pub(in crate::store) async fn a_new_development_is_announced_to_everybody(store: &dyn Store) {
    let mut world = World::found(store).await;
    let wang = world.promoter("Wang", 0).await;
    let id = ProjectId::new(UnixMillis(5), &mut world.rng);
    let project = Project { id, organisation: world.organisation, name: "Riverside".to_owned() };
    store.create_project(&project).await.unwrap();
    assert!(matches!(store.create_project(&project).await, Err(StoreError::Conflict("project"))));
    assert_eq!(store.projects(world.organisation).await.unwrap(), std::slice::from_ref(&project));
    let renamed = Project { name: "Riverside II".to_owned(), ..project };
    store.rename_project(&renamed).await.unwrap();
    assert_eq!(store.projects(world.organisation).await.unwrap(), std::slice::from_ref(&renamed));
    let other = Project { id: ProjectId::new(UnixMillis(6), &mut world.rng), ..renamed.clone() };
    assert!(matches!(store.rename_project(&other).await, Err(StoreError::NotFound)));
    store.create_project(&Project { name: "Hillside".to_owned(), ..other.clone() }).await.unwrap();
    assert!(matches!(store.rename_project(&other).await, Err(StoreError::Conflict("project"))));
    let elsewhere = Project { organisation: OrganisationId::new(UnixMillis(6), &mut world.rng), ..renamed };
    assert!(matches!(store.rename_project(&elsewhere).await, Err(StoreError::NotFound)));
    assert_eq!(store.person(wang.id).await.unwrap().profile_version, 4, "raised by each that was not refused");
}

pub(in crate::store) async fn a_place_has_to_exist(store: &dyn Store) {
    let mut world = World::found(store).await;
    let (organisation, offices, teams) = (world.organisation, world.offices, world.teams);
    store.check_place(organisation, None, None).await.unwrap();
    store.check_place(organisation, Some(offices[0]), Some(teams[0])).await.unwrap();
    store.check_place(organisation, None, Some(teams[1])).await.unwrap();
    let stranger = OrganisationId::new(UnixMillis(1), &mut world.rng);
    for (organisation, office, team) in [
        (organisation, Some(offices[0]), Some(teams[1])),
        (organisation, Some(OfficeId::new(UnixMillis(1), &mut world.rng)), None),
        (organisation, None, Some(TeamId::new(UnixMillis(1), &mut world.rng))),
        (stranger, Some(offices[0]), None),
        (stranger, None, Some(teams[0])),
    ] {
        assert!(matches!(store.check_place(organisation, office, team).await, Err(StoreError::NotFound)));
    }
}

pub(in crate::store) async fn people_change_and_their_past_is_kept(store: &dyn Store) {
    let mut world = World::found(store).await;
    let wang = world.promoter("Wang", 0).await;
    let first = wang.created_at.day(-12 * 60).to_string();
    let place = |from_day: &str, to_day: Option<&str>, place: usize| Membership {
        from_day: from_day.to_owned(),
        to_day: to_day.map(str::to_owned),
        office: Some(world.offices[place]),
        team: Some(world.teams[place]),
    };
    assert_eq!(store.memberships(wang.id).await.unwrap(), [place(&first, None, 0)]);

    let there = |version: u32, place: usize| Person {
        role: Role::Supervisor,
        office: Some(world.offices[place]),
        team: Some(world.teams[place]),
        profile_version: version,
        scope_version: 7,
        ..wang.clone()
    };
    store.change_person(&there(2, 1), Some("2026-03-01")).await.unwrap();
    assert_eq!(store.person(wang.id).await.unwrap(), there(2, 1));
    let past = [place(&first, Some("2026-03-01"), 0), place("2026-03-01", None, 1)];
    assert_eq!(store.memberships(wang.id).await.unwrap(), past);
    // Somebody else was faster, or there is nobody of this name.
    assert!(matches!(store.change_person(&there(2, 0), Some("2026-03-02")).await, Err(StoreError::Conflict(_))));
    let nobody = Person { id: sync_core::id::PersonId(uuid::Uuid::from_u128(1)), ..there(3, 0) };
    assert!(matches!(store.change_person(&nobody, None).await, Err(StoreError::Conflict(_))));
    assert_eq!(store.memberships(wang.id).await.unwrap(), past);
    // A change without a move, a second move on the same day, and one by a clock that was set back.
    store.change_person(&there(3, 1), None).await.unwrap();
    store.change_person(&there(4, 0), Some("2026-03-01")).await.unwrap();
    let past = [place(&first, Some("2026-03-01"), 0), place("2026-03-01", None, 0)];
    assert_eq!(store.memberships(wang.id).await.unwrap(), past);
    store.change_person(&there(5, 1), Some("2025-01-01")).await.unwrap();
    let past = [place(&first, Some("2026-03-01"), 0), place("2026-03-01", None, 1)];
    assert_eq!(store.memberships(wang.id).await.unwrap(), past);
    store.change_person(&Person { active: false, ..there(6, 1) }, Some("2026-04-01")).await.unwrap();
    assert!(!store.person(wang.id).await.unwrap().active);
    store.change_person(&there(7, 1), Some("2026-05-01")).await.unwrap();
    let past = [
        place(&first, Some("2026-03-01"), 0),
        place("2026-03-01", Some("2026-04-01"), 1),
        place("2026-05-01", None, 1),
    ];
    assert_eq!(store.memberships(wang.id).await.unwrap(), past);
}
