//! Organisations, offices, teams, developments and people.

use sync_core::id::{OfficeId, OrganisationId, PersonId, ProjectId, TeamId};
use sync_core::time::UnixMillis;
use uuid::Uuid;

use super::rows::person_at;
use super::{Conn, Db, flags};
use crate::day::hours::EveningHour;
use crate::flag::thresholds::Thresholds;
use crate::store::shared::failure::{corrupt, taken};
use crate::store::shared::stored::text;
use crate::store::shared::{person_columns, statements};
use crate::store::{Membership, Office, OfficeEdit, Organisation, OrganisationEdit, Person, Project, StoreError, Team};

/// The earliest day anywhere on Earth, in minutes from UTC: a membership has to cover the day on which it began,
/// and what the person's office calls that day is not known here.
const EARLIEST_DAY: i16 = -12 * 60;

statements! {
    INSERT_ORGANISATION = "insert into organisation (id, name, created_at, keep_exif, evening_hour, thresholds) \
        values ($1, $2, $3, $4, $5, $6)";
    ORGANISATIONS = "select id, name, created_at, keep_exif, evening_hour, thresholds from organisation order by name";
    ORGANISATION = "select id, name, created_at, keep_exif, evening_hour, thresholds from organisation where id = $1";
    CHANGE_ORGANISATION = "update organisation set name = coalesce($2, name), keep_exif = coalesce($3, keep_exif), \
        evening_hour = coalesce($4, evening_hour) where id = $1";
    SET_THRESHOLDS = "update organisation set thresholds = $2 where id = $1";
    INSERT_OFFICE = "insert into office (id, organisation, name, time_zone) values ($1, $2, $3, $4)";
    CHANGE_OFFICE = "update office set name = coalesce($2, name), time_zone = coalesce($3, time_zone) where id = $1";
    ANNOUNCE_OFFICE = "update person set profile_version = profile_version + 1 where office = $1";
    OFFICES = "select id, organisation, name, time_zone from office where organisation = $1 order by name";
    INSERT_TEAM = "insert into team (id, organisation, office, name) values ($1, $2, $3, $4)";
    RENAME_TEAM = "update team set name = $3 where id = $1 and organisation = $2";
    ANNOUNCE_TEAM = "update person set profile_version = profile_version + 1 where team = $1";
    TEAMS = "select t.id, t.organisation, t.office, t.name from team t join office o on o.id = t.office \
        where t.organisation = $1 order by o.name, t.name";
    INSERT_PROJECT = "insert into project (id, organisation, name) values ($1, $2, $3)";
    RENAME_PROJECT = "update project set name = $3 where id = $1 and organisation = $2";
    PROJECTS = "select id, organisation, name from project where organisation = $1 order by name";
    ANNOUNCE = "update person set profile_version = profile_version + 1 where organisation = $1";
    INSERT_PERSON = "insert into person \
        (id, organisation, name, role, office, team, login, password_hash, active, profile_version, scope_version, \
        created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    INSERT_MEMBERSHIP = "insert into membership (person, from_day, office, team) values ($1, $2, $3, $4)";
    CHANGE_PERSON = "update person set role = $2, office = $3, team = $4, active = $5, profile_version = $6, \
        scope_version = $7 where id = $1 and profile_version = $6 - 1";
    LAST_MOVE = "select max(from_day) from membership where person = $1";
    END_MEMBERSHIP = "update membership set to_day = $2 where person = $1 and to_day is null and from_day <= $2";
    FORGET_MEMBERSHIP = "delete from membership where person = $1 and from_day = $2";
    MEMBERSHIPS = "select from_day, to_day, office, team from membership where person = $1 order by from_day";
    PEOPLE = concat!("select ", person_columns!(), " from person p where p.organisation = $1 order by p.name, p.id");
    PERSON = concat!("select ", person_columns!(), " from person p where p.id = $1");
    PLACE = "select count(*) from office o where o.organisation = $1 and o.id = $2";
    TEAM_PLACE = "select office from team where organisation = $1 and id = $2";
}

pub(super) async fn create_organisation(conn: &mut Conn, organisation: &Organisation) -> Result<(), StoreError> {
    sqlx::query::<Db>(INSERT_ORGANISATION)
        .bind(organisation.id.0)
        .bind(text(&organisation.name))
        .bind(organisation.created_at.0)
        .bind(organisation.keep_exif)
        .bind(i64::from(organisation.evening.get()))
        .bind(written(&organisation.thresholds)?)
        .execute(conn)
        .await
        .map_err(taken("organisation"))?;
    Ok(())
}

type OrganisationRow = (Uuid, String, i64, bool, i64, Option<String>);

fn organisation_of(row: OrganisationRow) -> Result<Organisation, StoreError> {
    let (id, name, created_at, keep_exif, evening, thresholds) = row;
    let evening = EveningHour::new(evening).ok_or_else(|| corrupt("evening_hour"))?;
    let thresholds = thresholds.map(|text| serde_json::from_str(&text)).transpose();
    let thresholds = thresholds.map_err(|_| corrupt("thresholds"))?.unwrap_or_default();
    let (id, created_at) = (OrganisationId(id), UnixMillis(created_at));
    Ok(Organisation { id, name, created_at, keep_exif, evening, thresholds })
}

/// What is usual is not written down: it may become another in a newer program.
fn written(thresholds: &Thresholds) -> Result<Option<String>, StoreError> {
    let unusual = *thresholds != Thresholds::default();
    let text = unusual.then(|| serde_json::to_string(thresholds)).transpose();
    text.map_err(|error| StoreError::Internal(Box::new(error)))
}

pub(super) async fn organisations(conn: &mut Conn) -> Result<Vec<Organisation>, StoreError> {
    let rows = sqlx::query_as::<Db, OrganisationRow>(ORGANISATIONS).fetch_all(conn).await?;
    rows.into_iter().map(organisation_of).collect()
}

pub(super) async fn organisation(conn: &mut Conn, id: OrganisationId) -> Result<Organisation, StoreError> {
    let row = sqlx::query_as::<Db, OrganisationRow>(ORGANISATION).bind(id.0).fetch_one(conn).await?;
    organisation_of(row)
}

pub(super) async fn change_organisation(
    conn: &mut Conn,
    id: OrganisationId,
    edit: &OrganisationEdit,
) -> Result<(), StoreError> {
    let changed = sqlx::query::<Db>(CHANGE_ORGANISATION)
        .bind(id.0)
        .bind(edit.name.as_deref().map(text))
        .bind(edit.keep_exif)
        .bind(edit.evening.map(|hour| i64::from(hour.get())))
        .execute(conn)
        .await
        .map_err(taken("organisation"))?;
    if changed.rows_affected() == 0 { Err(StoreError::NotFound) } else { Ok(()) }
}

pub(super) async fn set_thresholds(
    conn: &mut Conn,
    id: OrganisationId,
    thresholds: &Thresholds,
) -> Result<(), StoreError> {
    let changed = sqlx::query::<Db>(SET_THRESHOLDS).bind(id.0).bind(written(thresholds)?).execute(&mut *conn).await?;
    if changed.rows_affected() == 0 {
        return Err(StoreError::NotFound);
    }
    flags::raise_anew(conn, id).await
}

pub(super) async fn create_office(conn: &mut Conn, office: &Office) -> Result<(), StoreError> {
    sqlx::query::<Db>(INSERT_OFFICE)
        .bind(office.id.0)
        .bind(office.organisation.0)
        .bind(text(&office.name))
        .bind(office.time_zone.as_str())
        .execute(conn)
        .await
        .map_err(taken("office"))?;
    Ok(())
}

pub(super) async fn offices(conn: &mut Conn, organisation: OrganisationId) -> Result<Vec<Office>, StoreError> {
    let rows = sqlx::query_as::<Db, (Uuid, Uuid, String, String)>(OFFICES).bind(organisation.0).fetch_all(conn).await?;
    Ok(rows
        .into_iter()
        .map(|(id, organisation, name, time_zone)| Office {
            id: OfficeId(id),
            organisation: OrganisationId(organisation),
            name,
            time_zone,
        })
        .collect())
}

pub(super) async fn change_office(conn: &mut Conn, id: OfficeId, edit: &OfficeEdit) -> Result<(), StoreError> {
    let change = sqlx::query::<Db>(CHANGE_OFFICE).bind(id.0).bind(edit.name.as_deref().map(text));
    let changed = change.bind(edit.time_zone.as_deref()).execute(&mut *conn).await.map_err(taken("office"))?;
    if changed.rows_affected() == 0 {
        return Err(StoreError::NotFound);
    }
    if edit.name.is_some() {
        sqlx::query::<Db>(ANNOUNCE_OFFICE).bind(id.0).execute(conn).await?;
    }
    Ok(())
}

pub(super) async fn create_team(conn: &mut Conn, team: &Team) -> Result<(), StoreError> {
    sqlx::query::<Db>(INSERT_TEAM)
        .bind(team.id.0)
        .bind(team.organisation.0)
        .bind(team.office.0)
        .bind(text(&team.name))
        .execute(conn)
        .await
        .map_err(taken("team"))?;
    Ok(())
}

pub(super) async fn rename_team(conn: &mut Conn, team: &Team) -> Result<(), StoreError> {
    let rename = sqlx::query::<Db>(RENAME_TEAM).bind(team.id.0).bind(team.organisation.0);
    let changed = rename.bind(text(&team.name)).execute(&mut *conn).await.map_err(taken("team"))?;
    if changed.rows_affected() == 0 {
        return Err(StoreError::NotFound);
    }
    sqlx::query::<Db>(ANNOUNCE_TEAM).bind(team.id.0).execute(conn).await?;
    Ok(())
}

pub(super) async fn teams(conn: &mut Conn, organisation: OrganisationId) -> Result<Vec<Team>, StoreError> {
    let rows = sqlx::query_as::<Db, (Uuid, Uuid, Uuid, String)>(TEAMS).bind(organisation.0).fetch_all(conn).await?;
    Ok(rows
        .into_iter()
        .map(|(id, organisation, office, name)| Team {
            id: TeamId(id),
            organisation: OrganisationId(organisation),
            office: OfficeId(office),
            name,
        })
        .collect())
}

pub(super) async fn create_project(conn: &mut Conn, project: &Project) -> Result<(), StoreError> {
    sqlx::query::<Db>(INSERT_PROJECT)
        .bind(project.id.0)
        .bind(project.organisation.0)
        .bind(text(&project.name))
        .execute(&mut *conn)
        .await
        .map_err(taken("project"))?;
    sqlx::query::<Db>(ANNOUNCE).bind(project.organisation.0).execute(conn).await?;
    Ok(())
}

pub(super) async fn rename_project(conn: &mut Conn, project: &Project) -> Result<(), StoreError> {
    let rename = sqlx::query::<Db>(RENAME_PROJECT).bind(project.id.0).bind(project.organisation.0);
    let changed = rename.bind(text(&project.name)).execute(&mut *conn).await.map_err(taken("project"))?;
    if changed.rows_affected() == 0 {
        return Err(StoreError::NotFound);
    }
    sqlx::query::<Db>(ANNOUNCE).bind(project.organisation.0).execute(conn).await?;
    Ok(())
}

pub(super) async fn projects(conn: &mut Conn, organisation: OrganisationId) -> Result<Vec<Project>, StoreError> {
    let rows = sqlx::query_as::<Db, (Uuid, Uuid, String)>(PROJECTS).bind(organisation.0).fetch_all(conn).await?;
    Ok(rows
        .into_iter()
        .map(|(id, organisation, name)| Project { id: ProjectId(id), organisation: OrganisationId(organisation), name })
        .collect())
}

pub(super) async fn create_person(
    conn: &mut Conn,
    person: &Person,
    password_hash: Option<&str>,
) -> Result<(), StoreError> {
    let (office, team) = (person.office.map(|id| id.0), person.team.map(|id| id.0));
    sqlx::query::<Db>(INSERT_PERSON)
        .bind(person.id.0)
        .bind(person.organisation.0)
        .bind(text(&person.name))
        .bind(person.role.as_str())
        .bind(office)
        .bind(team)
        .bind(person.login.as_deref().map(text))
        .bind(password_hash)
        .bind(person.active)
        .bind(i64::from(person.profile_version))
        .bind(i64::from(person.scope_version))
        .bind(person.created_at.0)
        .execute(&mut *conn)
        .await
        .map_err(taken("login"))?;
    sqlx::query::<Db>(INSERT_MEMBERSHIP)
        .bind(person.id.0)
        .bind(person.created_at.day(EARLIEST_DAY).to_string())
        .bind(office)
        .bind(team)
        .execute(conn)
        .await?;
    Ok(())
}

pub(super) async fn change_person(conn: &mut Conn, person: &Person, moved_on: Option<&str>) -> Result<(), StoreError> {
    let (office, team) = (person.office.map(|id| id.0), person.team.map(|id| id.0));
    let changed = sqlx::query::<Db>(CHANGE_PERSON)
        .bind(person.id.0)
        .bind(person.role.as_str())
        .bind(office)
        .bind(team)
        .bind(person.active)
        .bind(i64::from(person.profile_version))
        .bind(i64::from(person.scope_version))
        .execute(&mut *conn)
        .await?;
    if changed.rows_affected() == 0 {
        return Err(StoreError::Conflict("person"));
    }
    let Some(day) = moved_on else {
        return Ok(());
    };
    let (last,) = sqlx::query_as::<Db, (Option<String>,)>(LAST_MOVE).bind(person.id.0).fetch_one(&mut *conn).await?;
    let day = last.as_deref().map_or(day, |last| last.max(day));
    sqlx::query::<Db>(END_MEMBERSHIP).bind(person.id.0).bind(day).execute(&mut *conn).await?;
    if person.active {
        // Who moves twice on a day was where they ended.
        sqlx::query::<Db>(FORGET_MEMBERSHIP).bind(person.id.0).bind(day).execute(&mut *conn).await?;
        let begin = sqlx::query::<Db>(INSERT_MEMBERSHIP).bind(person.id.0).bind(day);
        begin.bind(office).bind(team).execute(conn).await?;
    }
    Ok(())
}

pub(super) async fn memberships(conn: &mut Conn, id: PersonId) -> Result<Vec<Membership>, StoreError> {
    let rows = sqlx::query_as::<Db, (String, Option<String>, Option<Uuid>, Option<Uuid>)>(MEMBERSHIPS);
    let rows = rows.bind(id.0).fetch_all(conn).await?;
    Ok(rows
        .into_iter()
        .map(|(from_day, to_day, office, team)| Membership {
            from_day,
            to_day,
            office: office.map(OfficeId),
            team: team.map(TeamId),
        })
        .collect())
}

pub(super) async fn people(conn: &mut Conn, organisation: OrganisationId) -> Result<Vec<Person>, StoreError> {
    let rows = sqlx::query::<Db>(PEOPLE).bind(organisation.0).fetch_all(conn).await?;
    rows.iter().map(|row| person_at(row, 0)).collect()
}

pub(super) async fn person(conn: &mut Conn, id: PersonId) -> Result<Person, StoreError> {
    person_at(&sqlx::query::<Db>(PERSON).bind(id.0).fetch_one(conn).await?, 0)
}

pub(super) async fn check_place(
    conn: &mut Conn,
    organisation: OrganisationId,
    office: Option<OfficeId>,
    team: Option<TeamId>,
) -> Result<(), StoreError> {
    if let Some(office) = office {
        let (found,) =
            sqlx::query_as::<Db, (i64,)>(PLACE).bind(organisation.0).bind(office.0).fetch_one(&mut *conn).await?;
        if found == 0 {
            return Err(StoreError::NotFound);
        }
    }
    if let Some(team) = team {
        let (place,) =
            sqlx::query_as::<Db, (Uuid,)>(TEAM_PLACE).bind(organisation.0).bind(team.0).fetch_one(conn).await?;
        if office.is_some_and(|office| office.0 != place) {
            return Err(StoreError::NotFound);
        }
    }
    Ok(())
}
