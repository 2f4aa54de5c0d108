//! Identifiers. Each noun has its own type, so that an office can't be passed where a person is meant.

use std::fmt;

use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};
use rand_core::Rng;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::time::UnixMillis;

/// A text that is not an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier: expected a UUID such as 0190163d-8694-739b-aea5-966c26f8ad91")]
pub struct IdError;

macro_rules! uuid_ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new UUIDv7: sortable by the wall clock of whoever made it, unique by its 74 random bits.
            pub fn new(now: UnixMillis, rng: &mut dyn Rng) -> Self {
                let mut random = [0; 10];
                rng.fill_bytes(&mut random);
                let millis = u64::try_from(now.0).unwrap_or(0);
                Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
            }

            /// The sixteen bytes, as they stand in documents and on the wire.
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                text.parse().map(Self).map_err(|_| IdError)
            }
        }

        impl From<[u8; 16]> for $name {
            fn from(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }
        }

        impl<C> Encode<C> for $name {
            fn encode<W: encode::Write>(&self, e: &mut Encoder<W>, _: &mut C) -> Result<(), encode::Error<W::Error>> {
                e.bytes(self.0.as_bytes())?.ok()
            }
        }

        impl<'b, C> Decode<'b, C> for $name {
            fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
                Uuid::from_slice(d.bytes()?)
                    .map(Self)
                    .map_err(|_| decode::Error::message("an identifier has 16 bytes"))
            }
        }
    )+};
}

uuid_ids! {
    /// A visit, survey or lead. Made on the device.
    RecordId,
    /// A promoter, supervisor, secretary, manager or somebody at head quarters.
    PersonId,
    /// One enrolled installation of the app. A person may have several; a restored phone gets a new one.
    DeviceId,
    /// The company that everything else belongs to.
    OrganisationId,
    /// A regional office 分所.
    OfficeId,
    /// A team of promoters inside an office.
    TeamId,
    /// A development 楼盘 that promoters sell.
    ProjectId,
}

macro_rules! byte_ids {
    ($($(#[$doc:meta])* $name:ident [$len:literal]),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// Reads exactly as many bytes as the identifier has.
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                let mut bytes = [0; $len];
                if text.len() != 2 * $len || !text.is_ascii() {
                    return Err(IdError);
                }
                for (i, byte) in bytes.iter_mut().enumerate() {
                    *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).map_err(|_| IdError)?;
                }
                Ok(Self(bytes))
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
            }
        }

        impl<C> Encode<C> for $name {
            fn encode<W: encode::Write>(&self, e: &mut Encoder<W>, _: &mut C) -> Result<(), encode::Error<W::Error>> {
                e.bytes(&self.0)?.ok()
            }
        }

        impl<'b, C> Decode<'b, C> for $name {
            fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
                Self::from_slice(d.bytes()?)
                    .ok_or_else(|| decode::Error::message(concat!(stringify!($name), " has ", $len, " bytes")))
            }
        }
    )+};
}

byte_ids! {
    /// One entry of an append-only list: random, unique inside its record. It keeps an entry single even when a
    /// restored phone has to write it again.
    EntryId[8],
    /// SHA-256 of a change: its name everywhere.
    ChangeHash[32],
    /// SHA-256 link of a device journal; the newest one is the journal's head.
    Link[32],
    /// SHA-256 of a photo's bytes.
    PhotoHash[32],
    /// Who wrote a change, as Automerge sees it: random, disposable, never derived from a person or device.
    ActorId[16],
    /// An Ed25519 public key.
    PublicKey[32],
    /// An Ed25519 signature.
    Signature[64],
}

impl ActorId {
    /// A new random actor.
    pub fn random(rng: &mut dyn Rng) -> Self {
        let mut bytes = [0; 16];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }
}

impl EntryId {
    /// A new random entry.
    pub fn random(rng: &mut dyn Rng) -> Self {
        Self(rng.next_u64().to_be_bytes())
    }
}

impl Link {
    /// What the first journal entry is chained to.
    pub const GENESIS: Self = Self([0; 32]);
}

impl From<automerge::ChangeHash> for ChangeHash {
    fn from(hash: automerge::ChangeHash) -> Self {
        Self(hash.0)
    }
}

impl From<ChangeHash> for automerge::ChangeHash {
    fn from(hash: ChangeHash) -> Self {
        Self(hash.0)
    }
}

impl From<ActorId> for automerge::ActorId {
    fn from(actor: ActorId) -> Self {
        Self::from(actor.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_back_from_text_and_sort_by_time() {
        let mut rng = crate::testing::rng(1);
        let early = RecordId::new(UnixMillis(1_000), &mut rng);
        let late = RecordId::new(UnixMillis(2_000), &mut rng);
        assert!(early < late);
        assert_eq!(early.to_string().parse(), Ok(early));
        let hash = ChangeHash([0xab; 32]);
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert_eq!("xyz".parse::<ChangeHash>(), Err(IdError));
        assert_eq!("é".repeat(32).parse::<ChangeHash>(), Err(IdError));
    }
}
