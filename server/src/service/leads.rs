//! Leads together: how far they have come, who received their customers, and which are about the same customer.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sync_core::id::{OfficeId, ProjectId, RecordId};
use sync_core::record::Kind;

use super::records::{self, Page, PageKey};
use crate::error::{ServiceError, codes};
use crate::flag::Flag;
use crate::scope::{self, Action};
use crate::state::App;
use crate::store::leads::{LeadFilter, Received};
use crate::store::{Person, RecordFilter, RecordLine, Scope};

/// Leads that name the same full phone number, and may be the same customer.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Those of them that one sees, the newest first.
    pub leads: Vec<RecordLine>,
    /// So many more are outside of one's territory.
    pub elsewhere: u32,
}

/// How many leads of somebody's territory stand at each stage; those without one under `None`.
///
/// # Errors
/// When the database does not answer; so for all of this module.
pub async fn stages(
    app: &App,
    who: &Person,
    office: Option<OfficeId>,
    project: Option<ProjectId>,
) -> Result<Vec<(Option<String>, u64)>, ServiceError> {
    let filter = LeadFilter { organisation: who.organisation, scope: scope::records_of(who), office, project };
    Ok(app.store.leads().stages(&filter).await?)
}

/// Who has received how many customers, as far as somebody sees days of offices.
///
/// # Errors
/// And [`codes::PERMISSION`] without the role.
pub async fn received(
    app: &App,
    who: &Person,
    office: Option<OfficeId>,
    project: Option<ProjectId>,
) -> Result<Vec<Received>, ServiceError> {
    if !scope::may_do(who, Action::SeeDays) {
        return Err(codes::PERMISSION.into());
    }
    let office = match scope::records_of(who) {
        Scope::Office(own) if office.is_some_and(|office| office != own) => return Ok(Vec::new()),
        Scope::Office(own) => Some(own),
        _ => office,
    };
    Ok(app.store.leads().received(who.organisation, office, project).await?)
}

/// The cases whose newest lead, of those that the filter finds, is on this page of leads. So each is on one page, and a
/// page may have none although others follow.
pub async fn cases(
    app: &App,
    who: &Person,
    filter: RecordFilter,
    after: Option<PageKey>,
    limit: u32,
) -> Result<(Vec<Case>, Option<PageKey>), ServiceError> {
    let found = |line: &RecordLine| {
        filter.office.is_none_or(|office| line.row.office == office)
            && filter.project.is_none_or(|project| line.row.project == Some(project))
    };
    let flags = Some(Flag::DuplicatePhone.bit());
    let query = RecordFilter { kind: Some(Kind::Lead), flags, ..filter.clone() };
    let Page { items, next } = records::list(app, who, query, after, limit).await?;
    let ids: Vec<RecordId> = items.iter().map(|line| line.row.id).collect();
    let groups = groups(&ids, &app.store.leads().same_number(&ids).await?);
    let mut lines: HashMap<RecordId, RecordLine> = items.into_iter().map(|line| (line.row.id, line)).collect();
    let others: Vec<RecordId> = groups.iter().flatten().filter(|id| !lines.contains_key(id)).copied().collect();
    lines.extend(app.store.record_lines(&others).await?.into_iter().map(|line| (line.row.id, line)));
    let mut cases = Vec::new();
    for group in groups {
        let all = group.len();
        let seen = group.iter().filter_map(|id| lines.get(id)).filter(|line| scope::sees(who, line));
        let mut leads: Vec<RecordLine> = seen.cloned().collect();
        leads.sort_unstable_by_key(|line| std::cmp::Reverse((line.row.captured, line.row.id)));
        let newest = leads.iter().find(|line| found(line));
        if all > 1 && newest.is_some_and(|line| ids.contains(&line.row.id)) {
            let elsewhere = u32::try_from(all - leads.len()).unwrap_or(u32::MAX);
            cases.push(Case { leads, elsewhere });
        }
    }
    cases.sort_by_key(|case| std::cmp::Reverse(case.leads.first().map(|line| (line.row.captured, line.row.id))));
    Ok((cases, next))
}

/// Puts together what pairs connect.
fn groups(ids: &[RecordId], pairs: &[(RecordId, RecordId)]) -> Vec<BTreeSet<RecordId>> {
    let mut next_to: BTreeMap<RecordId, BTreeSet<RecordId>> = ids.iter().map(|id| (*id, BTreeSet::new())).collect();
    for (one, other) in pairs {
        next_to.entry(*one).or_default().insert(*other);
        next_to.entry(*other).or_default().insert(*one);
    }
    let mut groups = Vec::new();
    while let Some((first, others)) = next_to.pop_first() {
        let mut group = BTreeSet::from([first]);
        let mut open: Vec<RecordId> = others.into_iter().collect();
        while let Some(id) = open.pop() {
            if group.insert(id) {
                open.extend(next_to.remove(&id).into_iter().flatten());
            }
        }
        groups.push(group);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pairs_connect_is_one_group() {
        let id = |n: u8| RecordId::from([n; 16]);
        let pairs = [(id(1), id(2)), (id(3), id(2)), (id(5), id(6))];
        let found = groups(&[1, 3, 4, 5].map(id), &pairs);
        let expected: Vec<BTreeSet<RecordId>> =
            [vec![1, 2, 3], vec![4], vec![5, 6]].map(|group| group.into_iter().map(id).collect()).into();
        assert_eq!(found, expected);
    }
}
