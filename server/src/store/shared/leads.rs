//! What is asked about leads together.

use async_trait::async_trait;
use sqlx::Row as _;
use sync_core::id::{OfficeId, OrganisationId, ProjectId, RecordId};
use uuid::Uuid;

use super::run::each_of;
use super::{Backend, Db};
use crate::store::leads::{LeadFilter, LeadStore, Received};
use crate::store::shared::stored::count;
use crate::store::shared::{bulk_statements, no_of, statements};
use crate::store::{Scope, StoreError};

statements! {
    STAGES = concat!("select r.stage, count(*) from record r where r.kind = 'lead' and r.organisation = ", no_of!("$1"), " \
        and (r.office = ", no_of!("$2"), " or $2 is null) and (r.project = ", no_of!("$3"), " or $3 is null) \
        group by r.stage order by r.stage");
    STAGES_OF_TEAM = concat!("select r.stage, count(*) from record r where r.kind = 'lead' and r.team = ", no_of!("$1"), " \
        and (r.office = ", no_of!("$2"), " or $2 is null) and (r.project = ", no_of!("$3"), " or $3 is null) \
        group by r.stage order by r.stage");
    STAGES_OF_OWNER = concat!("select r.stage, count(*) from record r where r.kind = 'lead' and r.owner = ", no_of!("$1"), " \
        and (r.office = ", no_of!("$2"), " or $2 is null) and (r.project = ", no_of!("$3"), " or $3 is null) \
        group by r.stage order by r.stage");
    // Without a development no record is looked at. The cast tells PostgreSQL what the value is.
    RECEIVED = concat!("select f.office, f.consultant, count(*) from day_fact f join office o on o.id = f.office \
        where o.organisation = $1 and f.office = coalesce($2, f.office) and f.sort = 'arrival' \
        and (cast($3 as uuid) is null \
            or exists (select 1 from record r where r.id = f.record and r.project = ", no_of!("$3"), ")) \
        group by f.office, f.consultant order by 3 desc, 1, 2");
}

bulk_statements! {
    // A number that half the company has registered is no case but a mistake; nobody reads more of it.
    SAME_NUMBER[1] = "select a.record, b.record from lead_phone a join lead_phone b on b.phone = a.phone \
        where a.record in ({list}) and b.record <> a.record order by a.record, b.record limit 4096";
}

#[async_trait]
impl LeadStore for Backend {
    async fn stages(&self, filter: &LeadFilter) -> Result<Vec<(Option<String>, u64)>, StoreError> {
        let LeadFilter { organisation, scope, office, project } = filter;
        let (statement, whose, office) = match scope {
            Scope::Organisation(_) => (STAGES, organisation.0, *office),
            Scope::Office(own) if office.is_none_or(|office| office == *own) => (STAGES, organisation.0, Some(*own)),
            // Of another office's leads there are none.
            Scope::Office(_) => return Ok(Vec::new()),
            Scope::Team(team) => (STAGES_OF_TEAM, team.0, *office),
            Scope::Person(owner) => (STAGES_OF_OWNER, owner.0, *office),
        };
        let mut conn = self.reader().await?;
        let stages = sqlx::query::<Db>(statement).bind(whose).bind(office.map(|id| id.0)).bind(project.map(|id| id.0));
        let rows = stages.fetch_all(&mut *conn).await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, count(row.try_get(1)?)?))).collect()
    }

    async fn received(
        &self,
        organisation: OrganisationId,
        office: Option<OfficeId>,
        project: Option<ProjectId>,
    ) -> Result<Vec<Received>, StoreError> {
        let mut conn = self.reader().await?;
        let received = sqlx::query::<Db>(RECEIVED).bind(organisation.0).bind(office.map(|id| id.0));
        let received = received.bind(project.map(|id| id.0));
        let rows = received.fetch_all(&mut *conn).await?;
        let read = |row: &super::DbRow| {
            let (office, consultant, arrivals) = (OfficeId(row.try_get(0)?), row.try_get(1)?, count(row.try_get(2)?)?);
            Ok(Received { office, consultant, arrivals })
        };
        rows.iter().map(read).collect()
    }

    async fn same_number(&self, leads: &[RecordId]) -> Result<Vec<(RecordId, RecordId)>, StoreError> {
        let leads: Vec<Uuid> = leads.iter().map(|id| id.0).collect();
        let mut conn = self.reader().await?;
        let rows = each_of(&mut conn, SAME_NUMBER, &leads).await?;
        rows.iter().map(|row| Ok((RecordId(row.try_get(0)?), RecordId(row.try_get(1)?)))).collect()
    }
}
