//! `POST /sync/v1/enrol`, `/token` and `/reidentify`: how a phone becomes known, stays so, and becomes another.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::id::{DeviceId, OfficeId, OrganisationId, PersonId, ProjectId, PublicKey, Signature, TeamId};

/// A phone asks to be known. Sending it again with the same key gives the same answer, so a lost reply costs nothing.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct EnrolRequest {
    /// The one-time code, as shown by the office.
    #[n(0)]
    pub code: String,
    /// The key that the phone made.
    #[n(1)]
    pub key: PublicKey,
    /// The signature of the key over the code, which proves that the phone holds the private half.
    #[n(2)]
    pub proof: Signature,
    /// Name and version of the app.
    #[n(3)]
    pub app: String,
    /// What the phone is called in lists, for example its model.
    #[n(4)]
    pub label: String,
    /// The identity that the phone had, if the server has forgotten it: it was restored to a time before the enrolment.
    /// It gets the same one again, with the same key, and goes on with its journal as it is. Absent in older apps and
    /// at a first enrolment.
    #[n(5)]
    pub formerly: Option<DeviceId>,
}

/// The phone is known.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct EnrolResponse {
    /// Its identity.
    #[n(0)]
    pub device: DeviceId,
    /// With which the server signs receipts.
    #[n(1)]
    pub server_key: PublicKey,
    /// To whom it belongs.
    #[n(2)]
    pub profile: Profile,
}

/// A phone that turned out to be a copy, or to have been restored, asks for an identity of its own. It is answered
/// with an [`EnrolResponse`]. Sending it again with the same key gives the same answer.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ReidentifyRequest {
    /// The key that the phone made for its new identity.
    #[n(0)]
    pub key: PublicKey,
    /// The signature of that key over the old device, which proves that the phone holds the private half.
    #[n(1)]
    pub proof: Signature,
    /// Name and version of the app.
    #[n(2)]
    pub app: String,
}

/// A phone asks for a token.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct TokenRequest {
    /// Which phone.
    #[n(0)]
    pub device: DeviceId,
    /// The server's last challenge; empty to get one.
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub nonce: Vec<u8>,
    /// The device key's signature over the challenge.
    #[n(2)]
    pub signature: Signature,
}

/// A token, or a challenge to answer first.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct TokenResponse {
    /// To be sent as `authorization: Bearer`; `None` if the challenge was missing or too old.
    #[n(0)]
    pub token: Option<String>,
    /// For how many milliseconds it is good, on the phone's monotonic clock.
    #[n(1)]
    pub lifetime_ms: u64,
    /// The challenge for next time.
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    pub nonce: Vec<u8>,
}

/// What somebody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum Role {
    /// 行销人员: records visits, surveys, leads.
    #[n(0)]
    Promoter,
    /// 渠道主管: leads a team, sees and corrects its records.
    #[n(1)]
    Supervisor,
    /// 渠道秘书: closes the office's day.
    #[n(2)]
    Secretary,
    /// 渠道经理.
    #[n(3)]
    OfficeManager,
    /// Head quarters: reviews.
    #[n(4)]
    Reviewer,
    /// Head quarters: administers.
    #[n(5)]
    HqAdmin,
    /// Head quarters: reads only.
    #[n(6)]
    Auditor,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 7] = [
        Self::Promoter,
        Self::Supervisor,
        Self::Secretary,
        Self::OfficeManager,
        Self::Reviewer,
        Self::HqAdmin,
        Self::Auditor,
    ];

    /// The name in databases and addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Promoter => "promoter",
            Self::Supervisor => "supervisor",
            Self::Secretary => "secretary",
            Self::OfficeManager => "office_manager",
            Self::Reviewer => "reviewer",
            Self::HqAdmin => "hq_admin",
            Self::Auditor => "auditor",
        }
    }

    /// Whether the person works at head quarters and so sees the whole organisation.
    pub fn is_head_quarters(self) -> bool {
        matches!(self, Self::Reviewer | Self::HqAdmin | Self::Auditor)
    }
}

impl std::str::FromStr for Role {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or(RoleError)
    }
}

/// A text that names no role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a role: expected promoter, supervisor, secretary, office_manager, reviewer, hq_admin or auditor")]
pub struct RoleError;

/// To whom a device belongs and what it needs to know offline.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Profile {
    /// Rises with every change of the profile.
    #[n(0)]
    pub version: u32,
    /// The organisation.
    #[n(1)]
    pub organisation: OrganisationId,
    /// The person.
    #[n(2)]
    pub person: PersonId,
    /// What the person is called.
    #[n(3)]
    pub name: String,
    /// What the person does.
    #[n(4)]
    pub role: Role,
    /// The person's office; records made at head quarters need one too, so everybody who has a device has one.
    #[n(5)]
    pub office: OfficeId,
    /// What the office is called.
    #[n(6)]
    pub office_name: String,
    /// The person's team.
    #[n(7)]
    pub team: Option<TeamId>,
    /// What the team is called.
    #[n(8)]
    pub team_name: Option<String>,
    /// The developments that can be chosen.
    #[n(9)]
    pub projects: Vec<Project>,
}

/// A development that promoters sell.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Project {
    /// Which one.
    #[n(0)]
    pub id: ProjectId,
    /// What it is called.
    #[n(1)]
    pub name: String,
}
