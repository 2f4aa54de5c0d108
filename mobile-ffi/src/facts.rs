//! The fields and choices of records. Their tables stand in `sync_core::record`, once for all languages.

use std::collections::BTreeMap;

use client::sync_core::id::{OfficeId, PersonId, RecordId, TeamId};
use client::sync_core::phone_number::PhoneNumber;
use client::sync_core::place::Place;
use client::sync_core::record::entry::Stage;
use client::sync_core::record::lead::{Gender, LeadEdit, LeadFacts, ProductType, PurchasePurpose, Relation};
use client::sync_core::record::office::{OfficeEdit, OfficeFacts};
use client::sync_core::record::scalar::ChannelSource;
use client::sync_core::record::survey::{Answer, SurveyEdit, SurveyFacts};
use client::sync_core::record::visit::{Outcome, VisitEdit, VisitFacts, VisitKind};
use client::sync_core::time::UnixMillis;
use jiff::civil::Date;
use rust_decimal::Decimal;

/// A record of all fields, and an edit for each.
macro_rules! facts {
    (
        $(#[$doc:meta])* $facts:ident, $edit:ident;
        scalars { $($(#[$sdoc:meta])* $svariant:ident $sname:ident: $stype:ty,)* }
        texts { $($(#[$tdoc:meta])* $tvariant:ident $tname:ident,)* }
        maps { $($(#[$mdoc:meta])* $mvariant:ident $mname:ident: $mkey:ty => $mvalue:ty,)* }
    ) => {
        $(#[$doc])*
        #[uniffi::remote(Record)]
        pub struct $facts {
            $($(#[$sdoc])* #[uniffi(default)] pub $sname: Option<$stype>,)*
            $($(#[$tdoc])* #[uniffi(default)] pub $tname: String,)*
            $($(#[$mdoc])* #[uniffi(default)] pub $mname: BTreeMap<$mkey, $mvalue>,)*
        }

        /// Sets one field; nothing empties it.
        #[uniffi::remote(Enum)]
        pub enum $edit {
            $($(#[$sdoc])* $svariant(Option<$stype>),)*
            $($(#[$tdoc])* $tvariant(String),)*
            $($(#[$mdoc])* $mvariant($mkey, Option<$mvalue>),)*
        }
    };
}

/// A list of choices that stays open: what a newer app or the organisation's own list adds comes as `Other`.
macro_rules! choices {
    ($(#[$doc:meta])* pub enum $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[uniffi::remote(Enum)]
        pub enum $name {
            $($(#[$vdoc])* $variant,)+
            /// A choice that this version does not know by name.
            Other(String),
        }
    };
}

client::sync_core::visit_fields!(facts);
client::sync_core::survey_fields!(facts);
client::sync_core::lead_fields!(facts);
client::sync_core::office_fields!(facts);
client::sync_core::visit_choices!(choices);
client::sync_core::lead_choices!(choices);
client::sync_core::stage_choices!(choices);
client::sync_core::channel_choices!(choices);
