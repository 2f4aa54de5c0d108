//! The fields that people edit, declared once per kind.
//!
//! The macro `record_facts!` turns one table into the struct, its edit command per field, and the code that writes and
//! reads the document. A field is one of three sorts: a *scalar* (last writer shown, concurrent values listed),
//! a *text* (merges by character) or a *map* (merges by key).

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::scalar::Scalar;

/// Longest text that one field may hold, in bytes. Long enough for any note, short enough for any phone.
pub const MAX_TEXT_BYTES: usize = 16 * 1024;
/// Most keys that one map may hold.
pub const MAX_MAP_KEYS: usize = 1_000;
/// Longest key of a map, in bytes.
pub const MAX_KEY_BYTES: usize = 256;

/// How a field merges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// One value; concurrent ones are kept and listed.
    Scalar,
    /// Text that merges by character.
    Text,
    /// Values by key, each key merging like a scalar.
    Map,
}

/// One field of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Field {
    /// The key in the document, the column in exports and the name in addresses.
    pub name: &'static str,
    /// How it merges.
    pub sort: Sort,
}

/// What an edit does to one field.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// Sets a scalar, or removes it.
    Put(Option<Scalar>),
    /// Makes a text read like this; what others typed meanwhile is kept.
    Text(String),
    /// Sets one key of a map, or removes it.
    Key(String, Option<Scalar>),
}

/// A field as it was read from a document.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// The shown value of a scalar.
    Scalar(Scalar),
    /// A text.
    Text(String),
    /// A map.
    Map(BTreeMap<String, Scalar>),
}

/// A value that a field can't take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// The kind has no such field.
    #[error("there is no field {0}")]
    Unknown(String),
    /// The value has the wrong form.
    #[error("{field}: {reason}")]
    Invalid {
        /// Which field.
        field: String,
        /// What is wrong with the value.
        reason: String,
    },
    /// More text than a field may hold.
    #[error("{field} is too long: {bytes} bytes, at most {max} are allowed")]
    TooLong {
        /// Which field.
        field: String,
        /// How much there was.
        bytes: usize,
        /// How much there may be.
        max: usize,
    },
}

impl Write {
    /// Checks the sizes.
    ///
    /// # Errors
    /// [`FieldError::TooLong`].
    pub fn check(&self, field: &str) -> Result<(), FieldError> {
        let limit = |bytes: usize, max: usize| {
            if bytes <= max { Ok(()) } else { Err(FieldError::TooLong { field: field.to_owned(), bytes, max }) }
        };
        let scalar = |value: &Option<Scalar>| match value {
            Some(Scalar::Text(text)) => limit(text.len(), MAX_TEXT_BYTES),
            Some(Scalar::Bytes(bytes)) => limit(bytes.len(), MAX_TEXT_BYTES),
            _ => Ok(()),
        };
        match self {
            Self::Put(value) => scalar(value),
            Self::Text(text) => limit(text.len(), MAX_TEXT_BYTES),
            Self::Key(key, value) => limit(key.len(), MAX_KEY_BYTES).and_then(|()| scalar(value)),
        }
    }
}

/// A group of editable fields.
pub trait Facts: Clone + Default + PartialEq + std::fmt::Debug + Serialize + DeserializeOwned + Send + 'static {
    /// All fields in the order in which forms show them.
    const FIELDS: &'static [Field];
    /// One variant per field.
    type Edit: Clone + PartialEq + std::fmt::Debug + Send + 'static;

    /// What an edit does to which field.
    fn write(edit: &Self::Edit) -> (&'static str, Write);

    /// The edits that turn empty facts into these.
    fn writes(&self) -> Vec<(&'static str, Write)>;

    /// Takes in a field that was read; gives it back if this version does not know it or its value.
    fn read(&mut self, name: &str, cell: Cell) -> Result<(), Cell>;

    /// An edit from its JSON form, as the console sends it: a value, `null` to empty the field, and an object of
    /// keys (with `null` to remove one) for a map.
    ///
    /// # Errors
    /// When the field does not exist or can't take the value.
    fn edits_from_json(name: &str, value: serde_json::Value) -> Result<Vec<Self::Edit>, FieldError>;

    /// The sort of a field.
    fn sort(name: &str) -> Option<Sort> {
        Self::FIELDS.iter().find(|field| field.name == name).map(|field| field.sort)
    }
}

pub(crate) fn from_json<T: DeserializeOwned>(field: &str, value: serde_json::Value) -> Result<T, FieldError> {
    serde_json::from_value(value)
        .map_err(|error| FieldError::Invalid { field: field.to_owned(), reason: error.to_string() })
}

macro_rules! record_facts {
    (
        $(#[$doc:meta])*
        $facts:ident, $edit:ident;
        scalars { $($(#[$sdoc:meta])* $svariant:ident $sname:ident: $stype:ty,)* }
        texts { $($(#[$tdoc:meta])* $tvariant:ident $tname:ident,)* }
        maps { $($(#[$mdoc:meta])* $mvariant:ident $mname:ident: $mkey:ty => $mvalue:ty,)* }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default)]
        pub struct $facts {
            $($(#[$sdoc])* pub $sname: Option<$stype>,)*
            $($(#[$tdoc])* pub $tname: String,)*
            $($(#[$mdoc])* pub $mname: std::collections::BTreeMap<$mkey, $mvalue>,)*
        }

        #[doc = concat!("Sets one field of [`", stringify!($facts), "`]; `None` empties it.")]
        #[derive(Clone, Debug, PartialEq)]
        pub enum $edit {
            $($(#[$sdoc])* $svariant(Option<$stype>),)*
            $($(#[$tdoc])* $tvariant(String),)*
            $($(#[$mdoc])* $mvariant($mkey, Option<$mvalue>),)*
        }

        impl $crate::record::facts::Facts for $facts {
            const FIELDS: &'static [$crate::record::facts::Field] = {
                use $crate::record::facts::{Field, Sort};
                &[
                    $(Field { name: stringify!($sname), sort: Sort::Scalar },)*
                    $(Field { name: stringify!($tname), sort: Sort::Text },)*
                    $(Field { name: stringify!($mname), sort: Sort::Map },)*
                ]
            };
            type Edit = $edit;

            fn write(edit: &$edit) -> (&'static str, $crate::record::facts::Write) {
                use $crate::record::facts::Write;
                #[allow(unused_imports, reason = "a kind may lack one sort of field")]
                use $crate::record::scalar::FieldValue as _;
                match edit {
                    $($edit::$svariant(value) =>
                        (stringify!($sname), Write::Put(value.as_ref().map(|value| value.to_scalar()))),)*
                    $($edit::$tvariant(text) => (stringify!($tname), Write::Text(text.clone())),)*
                    $($edit::$mvariant(key, value) => (
                        stringify!($mname),
                        Write::Key(key.to_string(), value.as_ref().map(|value| value.to_scalar())),
                    ),)*
                }
            }

            fn writes(&self) -> Vec<(&'static str, $crate::record::facts::Write)> {
                let mut writes = Vec::new();
                $(if let Some(value) = &self.$sname {
                    writes.push(Self::write(&$edit::$svariant(Some(value.clone()))));
                })*
                $(if !self.$tname.is_empty() {
                    writes.push(Self::write(&$edit::$tvariant(self.$tname.clone())));
                })*
                $(for (key, value) in &self.$mname {
                    writes.push(Self::write(&$edit::$mvariant(key.clone(), Some(value.clone()))));
                })*
                writes
            }

            fn read(
                &mut self,
                name: &str,
                cell: $crate::record::facts::Cell,
            ) -> Result<(), $crate::record::facts::Cell> {
                use $crate::record::facts::Cell;
                #[allow(unused_imports, reason = "a kind may lack one sort of field")]
                use $crate::record::scalar::FieldValue as _;
                match (name, cell) {
                    $((stringify!($sname), Cell::Scalar(value)) => {
                        self.$sname = Some(<$stype>::from_scalar(&value).ok_or(Cell::Scalar(value))?);
                    })*
                    $((stringify!($tname), Cell::Text(text)) => self.$tname = text,)*
                    $((stringify!($mname), Cell::Map(map)) => {
                        let mut unknown = std::collections::BTreeMap::new();
                        for (key, value) in map {
                            match (key.parse::<$mkey>(), <$mvalue>::from_scalar(&value)) {
                                (Ok(key), Some(value)) => { self.$mname.insert(key, value); }
                                _ => { unknown.insert(key, value); }
                            }
                        }
                        if !unknown.is_empty() {
                            return Err(Cell::Map(unknown));
                        }
                    })*
                    (_, cell) => return Err(cell),
                }
                Ok(())
            }

            fn edits_from_json(
                name: &str,
                value: serde_json::Value,
            ) -> Result<Vec<$edit>, $crate::record::facts::FieldError> {
                #[allow(unused_imports, reason = "a kind may lack one sort of field")]
                use $crate::record::facts::{FieldError, from_json};
                match name {
                    $(stringify!($sname) => Ok(vec![$edit::$svariant(from_json(name, value)?)]),)*
                    $(stringify!($tname) => Ok(vec![$edit::$tvariant(
                        from_json::<Option<String>>(name, value)?.unwrap_or_default(),
                    )]),)*
                    $(stringify!($mname) => {
                        let keys: std::collections::BTreeMap<$mkey, Option<$mvalue>> = from_json(name, value)?;
                        Ok(keys.into_iter().map(|(key, value)| $edit::$mvariant(key, value)).collect())
                    })*
                    _ => Err(FieldError::Unknown(name.to_owned())),
                }
            }
        }
    };
}
pub(crate) use record_facts;
