//! Who may write which part of a record (ARCHITECTURE, sections 2 and 6).
//!
//! The question is asked at publication, with the record as it stands then: what was allowed when the promoter
//! typed it may have been overtaken by a verdict. Nothing is lost by a no: the change is held for a person.

use crate::id::{OfficeId, PersonId, TeamId};
use crate::record::Zone;
use crate::record::review::ReviewState;
use crate::record::view::Frame;
use crate::wire::enrol::Role;

use super::code;

/// The author of a change, as the server knows them: from the authenticated device, never from the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Author {
    /// Who.
    pub person: PersonId,
    /// What they do.
    pub role: Role,
    /// Where they work; `None` at head quarters.
    pub office: Option<OfficeId>,
    /// In which team.
    pub team: Option<TeamId>,
}

/// What decides about a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Who owns it.
    pub owner: PersonId,
    /// The office to which it belongs.
    pub office: OfficeId,
    /// The team to which it belongs.
    pub team: Option<TeamId>,
    /// Where it stands in review.
    pub review: ReviewState,
}

impl Standing {
    /// The standing of a record as it reads now.
    pub fn of(frame: &Frame) -> Self {
        Self { owner: frame.owner(), office: frame.office_id(), team: frame.team_id(), review: frame.review.state }
    }
}

/// Whether `author` may write `zone` of a record with this standing; the code of the reason if not.
///
/// # Errors
/// The code under which the change is held.
pub fn may_write(author: &Author, standing: &Standing, zone: Zone) -> Result<(), &'static str> {
    if standing.review.is_closed() && zone != Zone::Review {
        return Err(code::CLOSED);
    }
    let owner = author.person == standing.owner;
    let supervisor = author.role == Role::Supervisor && author.team.is_some() && author.team == standing.team;
    let office = matches!(author.role, Role::Secretary | Role::OfficeManager) && author.office == Some(standing.office);
    let head_quarters = matches!(author.role, Role::Reviewer | Role::HqAdmin);
    let allowed = match zone {
        Zone::Header => false,
        Zone::Facts => owner || supervisor || head_quarters,
        Zone::FollowUps | Zone::Stages | Zone::Photos => owner || supervisor || office || head_quarters,
        Zone::Office => office || author.role == Role::HqAdmin,
        Zone::Review => head_quarters,
    };
    if allowed { Ok(()) } else { Err(code::AUTHORITY) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn author(role: Role, n: u128) -> Author {
        Author {
            person: PersonId(Uuid::from_u128(n)),
            role,
            office: Some(OfficeId(Uuid::from_u128(10))),
            team: Some(TeamId(Uuid::from_u128(20))),
        }
    }

    fn standing(review: ReviewState) -> Standing {
        Standing {
            owner: PersonId(Uuid::from_u128(1)),
            office: OfficeId(Uuid::from_u128(10)),
            team: Some(TeamId(Uuid::from_u128(20))),
            review,
        }
    }

    #[test]
    fn the_table_of_hands() {
        let open = standing(ReviewState::Received);
        let may = |author: Author, zone| may_write(&author, &open, zone).is_ok();
        assert!(may(author(Role::Promoter, 1), Zone::Facts));
        assert!(!may(author(Role::Promoter, 2), Zone::Facts), "a colleague of the same team is not the owner");
        assert!(may(author(Role::Supervisor, 3), Zone::Facts));
        assert!(!may(Author { team: None, ..author(Role::Supervisor, 3) }, Zone::Facts));
        assert!(!may(author(Role::Promoter, 1), Zone::Office));
        assert!(may(author(Role::Secretary, 4), Zone::Office));
        assert!(may(author(Role::Secretary, 4), Zone::Stages));
        assert!(!may(author(Role::Secretary, 4), Zone::Facts));
        assert!(!may(Author { office: None, ..author(Role::Secretary, 4) }, Zone::Office));
        assert!(!may(author(Role::Promoter, 1), Zone::Review));
        assert!(!may(author(Role::Auditor, 5), Zone::FollowUps));
        assert!(may(author(Role::Reviewer, 6), Zone::Review));
        for role in Role::ALL {
            assert!(!may(author(role, 1), Zone::Header), "{role:?}");
        }
    }

    #[test]
    fn a_supervisor_without_a_team_does_not_lead_records_without_one() {
        let stray = Standing { team: None, ..standing(ReviewState::Received) };
        let author = Author { team: None, ..author(Role::Supervisor, 3) };
        assert_eq!(may_write(&author, &stray, Zone::Facts), Err(code::AUTHORITY));
    }

    #[test]
    fn closed_records_take_nothing_but_verdicts() {
        for review in [ReviewState::Approved, ReviewState::Rejected] {
            assert_eq!(may_write(&author(Role::Promoter, 1), &standing(review), Zone::Facts), Err(code::CLOSED));
            assert_eq!(may_write(&author(Role::Reviewer, 6), &standing(review), Zone::Review), Ok(()));
        }
        assert_eq!(may_write(&author(Role::Promoter, 1), &standing(ReviewState::Returned), Zone::Facts), Ok(()));
    }
}
