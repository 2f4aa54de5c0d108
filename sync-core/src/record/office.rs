//! What the regional office adds to a record: to whom it belongs now, and when the customer really came.

use super::facts::record_facts;
use crate::id::{OfficeId, PersonId, TeamId};
use crate::time::UnixMillis;

/// The fields of the office's part, for `$declare` to make types of: here, and where other languages have to know them.
#[macro_export]
macro_rules! office_fields {
    ($declare:ident) => {
        $declare! {
            /// The office's part of a record of any kind.
            OfficeFacts, OfficeEdit;
            scalars {
                /// Who owns the record now, if not the one who made it.
                Owner owner: PersonId,
                /// The team to which it belongs now, if not the first one.
                Team team: TeamId,
                /// The office to which it belongs now, if not the first one.
                Office office: OfficeId,
                /// The property consultant 置业顾问 who receives the customer, in words.
                Consultant consultant: String,
                /// When the customer came to the sales site.
                ArrivedAt arrived_at: UnixMillis,
                /// The number of the signed confirmation slip 到访确认单.
                ConfirmationSlip confirmation_slip: String,
            }
            texts {}
            maps {}
        }
    };
}
office_fields!(record_facts);
