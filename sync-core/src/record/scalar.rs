//! Single values: how the types of Rust stand in a document.

use jiff::civil::Date;
use minicbor::{Decode, Encode};
use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::id::{DeviceId, OfficeId, PersonId, ProjectId, RecordId, TeamId};
use crate::phone_number::PhoneNumber;
use crate::place::Place;
use crate::time::{BootId, UnixMillis};

/// One value of a field, whatever the field: for lists of concurrent values, histories and unknown fields.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub enum Scalar {
    /// Deliberately empty.
    #[n(0)]
    Null,
    /// True or false.
    #[n(1)]
    Bool(#[n(0)] bool),
    /// A whole number.
    #[n(2)]
    Int(#[n(0)] i64),
    /// A fraction. No field of ours has one; newer apps might.
    #[n(3)]
    Float(#[n(0)] f64),
    /// Text.
    #[n(4)]
    Text(#[n(0)] String),
    /// Bytes, among them identifiers (sixteen bytes).
    #[n(5)]
    Bytes(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>),
    /// A moment.
    #[n(6)]
    Time(#[n(0)] UnixMillis),
}

impl Serialize for Scalar {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => s.serialize_unit(),
            Self::Bool(value) => s.serialize_bool(*value),
            Self::Int(value) | Self::Time(UnixMillis(value)) => s.serialize_i64(*value),
            Self::Float(value) => s.serialize_f64(*value),
            Self::Text(value) => s.serialize_str(value),
            Self::Bytes(value) => match Uuid::from_slice(value) {
                Ok(id) => s.collect_str(&id),
                Err(_) => s.collect_str(&Hex(value)),
            },
        }
    }
}

struct Hex<'a>(&'a [u8]);

impl std::fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl From<&Scalar> for automerge::ScalarValue {
    fn from(value: &Scalar) -> Self {
        match value {
            Scalar::Null => Self::Null,
            Scalar::Bool(value) => Self::Boolean(*value),
            Scalar::Int(value) => Self::Int(*value),
            Scalar::Float(value) => Self::F64(*value),
            Scalar::Text(value) => Self::Str(value.as_str().into()),
            Scalar::Bytes(value) => Self::Bytes(value.clone()),
            Scalar::Time(value) => Self::Timestamp(value.0),
        }
    }
}

impl From<&automerge::ScalarValue> for Scalar {
    fn from(value: &automerge::ScalarValue) -> Self {
        use automerge::ScalarValue as V;
        match value {
            V::Null => Self::Null,
            V::Boolean(value) => Self::Bool(*value),
            V::Int(value) => Self::Int(*value),
            V::Uint(value) => Self::Int(i64::try_from(*value).unwrap_or(i64::MAX)),
            V::F64(value) => Self::Float(*value),
            V::Str(value) => Self::Text(value.to_string()),
            V::Bytes(value) => Self::Bytes(value.clone()),
            V::Timestamp(value) => Self::Time(UnixMillis(*value)),
            V::Counter(value) => Self::Int(i64::from(value)),
            V::Unknown { bytes, .. } => Self::Bytes(bytes.clone()),
        }
    }
}

impl From<&automerge::ScalarValueRef<'_>> for Scalar {
    fn from(value: &automerge::ScalarValueRef<'_>) -> Self {
        use automerge::ScalarValueRef as V;
        match value {
            V::Null => Self::Null,
            V::Boolean(value) => Self::Bool(*value),
            V::Int(value) => Self::Int(*value),
            V::Uint(value) => Self::Int(i64::try_from(*value).unwrap_or(i64::MAX)),
            V::F64(value) => Self::Float(*value),
            V::Str(value) => Self::Text(value.to_string()),
            V::Bytes(value) => Self::Bytes(value.to_vec()),
            V::Timestamp(value) => Self::Time(UnixMillis(*value)),
            V::Counter(value) => Self::Int(*value),
            V::Unknown { bytes, .. } => Self::Bytes(bytes.to_vec()),
        }
    }
}

/// A type that a field may have.
pub trait FieldValue: Sized {
    /// The value as it stands in a document.
    fn to_scalar(&self) -> Scalar;

    /// Reads the value back; `None` if it isn't one of this type, perhaps because a newer app wrote it.
    fn from_scalar(value: &Scalar) -> Option<Self>;
}

macro_rules! field_values {
    ($($type:ty: $to:expr, $from:pat => $value:expr;)+) => {$(
        impl FieldValue for $type {
            fn to_scalar(&self) -> Scalar {
                let to: fn(&Self) -> Scalar = $to;
                to(self)
            }
            fn from_scalar(value: &Scalar) -> Option<Self> {
                match value {
                    $from => $value,
                    _ => None,
                }
            }
        }
    )+};
}

field_values! {
    bool: |v| Scalar::Bool(*v), Scalar::Bool(v) => Some(*v);
    i64: |v| Scalar::Int(*v), Scalar::Int(v) => Some(*v);
    u32: |v| Scalar::Int(i64::from(*v)), Scalar::Int(v) => u32::try_from(*v).ok();
    String: |v| Scalar::Text(v.clone()), Scalar::Text(v) => Some(v.clone());
    UnixMillis: |v| Scalar::Time(*v), Scalar::Time(v) => Some(*v);
    Decimal: |v| Scalar::Text(v.to_string()), Scalar::Text(v) => v.parse().ok();
    Date: |v| Scalar::Text(v.to_string()), Scalar::Text(v) => v.parse().ok();
    Place: |v| Scalar::Text(v.to_string()), Scalar::Text(v) => v.parse().ok();
    PhoneNumber: |v| Scalar::Text(v.to_string()), Scalar::Text(v) => v.parse().ok();
    BootId: |v| Scalar::Int(v.0.cast_signed()), Scalar::Int(v) => Some(BootId(v.cast_unsigned()));
}

macro_rules! id_values {
    ($($type:ty),+) => {$(
        impl FieldValue for $type {
            fn to_scalar(&self) -> Scalar {
                Scalar::Bytes(self.as_bytes().to_vec())
            }
            fn from_scalar(value: &Scalar) -> Option<Self> {
                match value {
                    Scalar::Bytes(bytes) => <[u8; 16]>::try_from(bytes.as_slice()).ok().map(Self::from),
                    _ => None,
                }
            }
        }
    )+};
}

id_values!(RecordId, PersonId, DeviceId, OfficeId, TeamId, ProjectId);

/// Declares a list of choices that stays open: what a newer app or an organisation's own list adds is kept as
/// [`Other`](https://doc.rust-lang.org/std/) text instead of being lost.
macro_rules! open_choices {
    ($(#[$doc:meta])* pub enum $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$vdoc])* $variant,)+
            /// A choice that this version does not know by name.
            Other(String),
        }

        impl $name {
            /// The choices that have a name here.
            pub const NAMED: &[&str] = &[$($text),+];

            /// The text that stands in documents.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Other(text) => text,
                }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $($text => Self::$variant,)+
                    _ => Self::Other(text.to_owned()),
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d).map(|text| Self::from(text.as_str()))
            }
        }

        impl $crate::record::scalar::FieldValue for $name {
            fn to_scalar(&self) -> $crate::record::scalar::Scalar {
                $crate::record::scalar::Scalar::Text(self.as_str().to_owned())
            }
            fn from_scalar(value: &$crate::record::scalar::Scalar) -> Option<Self> {
                match value {
                    $crate::record::scalar::Scalar::Text(text) => Some(Self::from(text.as_str())),
                    _ => None,
                }
            }
        }

        impl<C> minicbor::Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                e.str(self.as_str())?.ok()
            }
        }

        impl<'b, C> minicbor::Decode<'b, C> for $name {
            fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
                d.str().map(Self::from)
            }
        }
    };
}
pub(crate) use open_choices;

/// The choices of channels, for `$declare` to make types of: here, and where other languages have to know them.
#[macro_export]
macro_rules! channel_choices {
    ($declare:ident) => {
        $declare! {
            /// The channel through which a person was reached.
            pub enum ChannelSource {
                /// Property managers 物业.
                PropertyManager = "property_manager",
                /// Associations and chambers 协会商会.
                Association = "association",
                /// Affiliated units 关联单位.
                AffiliatedUnit = "affiliated_unit",
                /// Travel agencies 旅行社.
                TravelAgency = "travel_agency",
                /// Branches 分支机构.
                Branch = "branch",
                /// Second-hand agencies 二手中介.
                SecondHandAgency = "second_hand_agency",
                /// Community 社区.
                Community = "community",
                /// Cold visit 陌拜.
                ColdVisit = "cold_visit",
                /// Referral 老带新.
                Referral = "referral",
                /// Walk-in 自然到访.
                WalkIn = "walk_in",
            }
        }
    };
}
channel_choices!(open_choices);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_of_newer_apps_survive() {
        let drone = ChannelSource::from("drone");
        assert_eq!(drone, ChannelSource::Other("drone".into()));
        assert_eq!(ChannelSource::from_scalar(&drone.to_scalar()), Some(drone));
    }

    #[test]
    fn a_value_of_another_type_is_not_forced() {
        assert_eq!(u32::from_scalar(&Scalar::Int(-1)), None);
        assert_eq!(Decimal::from_scalar(&Scalar::Text("a lot".into())), None);
        assert_eq!(PersonId::from_scalar(&Scalar::Bytes(vec![1; 15])), None);
    }
}
