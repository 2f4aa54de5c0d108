//! SQL that is written once, and the code that runs it.
//!
//! The rooms hold statements as constants with `$1` placeholders. [`mount`] compiles them for one database: they
//! speak of `Db`, `Conn` and `Backend`, which the database's own module names. That module adds what differs: how
//! to connect, what a row of placeholders looks like, and full-text search. See docs/adr/0003.

pub(in crate::store) mod bulk;
pub(in crate::store) mod failure;
pub(in crate::store) mod pairs;
pub(in crate::store) mod stored;

/// Declares the statements of a room, so that tests can prepare each of them.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)+) => {
        $($(#[$doc])* const $name: &str = $sql;)+
        #[cfg(test)]
        pub(in crate::store) const STATEMENTS: &[(&str, &str)] = &[$((stringify!($name), $name)),+];
    };
}

/// Declares the statements of a room that take many rows or a list at once.
macro_rules! bulk_statements {
    ($($(#[$doc:meta])* $name:ident [$columns:literal] = $sql:expr;)+) => {
        $($(#[$doc])* const $name: $crate::store::shared::bulk::Bulk =
            $crate::store::shared::bulk::Bulk::new($sql, $columns);)+
        #[cfg(test)]
        pub(in crate::store) const BULK_STATEMENTS: &[(&str, $crate::store::shared::bulk::Bulk)] =
            &[$((stringify!($name), $name)),+];
    };
}

/// Compiles the shared rooms for the database of the module that calls it. The module has to define `Db`, `Conn`,
/// `DbRow`, `Backend`, `PLACEHOLDERS`, `KIND`, `SIZE`, `SERVERS`, `INDEXES`, `INDEXES_TO_MAKE_ARE_KEPT`, `TAKE_INDEX`,
/// `AWAIT_INDEX`, `INDEX_MAKERS`, `snapshot`,
/// `block_salt`, `announce`, `briefly` and the module `search`.
macro_rules! mount {
    () => {
        #[path = "shared/access.rs"]
        mod access;
        #[path = "shared/actors.rs"]
        mod actors;
        #[cfg(test)]
        #[path = "shared/all_statements.rs"]
        mod all_statements;
        #[path = "shared/aside.rs"]
        mod aside;
        #[path = "shared/audit.rs"]
        mod audit;
        #[path = "shared/bundle.rs"]
        mod bundle;
        #[path = "shared/days.rs"]
        mod days;
        #[path = "shared/decide.rs"]
        mod decide;
        #[path = "shared/drift.rs"]
        mod drift;
        #[path = "shared/enrolment.rs"]
        mod enrolment;
        #[path = "shared/feed.rs"]
        mod feed;
        #[path = "shared/flags.rs"]
        mod flags;
        #[path = "shared/identifiers.rs"]
        mod identifiers;
        #[path = "shared/implementation.rs"]
        mod implementation;
        #[path = "shared/indexes.rs"]
        mod indexes;
        #[path = "shared/judge.rs"]
        mod judge;
        #[path = "shared/keep.rs"]
        mod keep;
        #[path = "shared/leads.rs"]
        mod leads;
        #[path = "shared/organisation.rs"]
        mod organisation;
        #[path = "shared/origins.rs"]
        mod origins;
        #[path = "shared/photos.rs"]
        mod photos;
        #[path = "shared/presets.rs"]
        mod presets;
        #[path = "shared/publish.rs"]
        mod publish;
        #[path = "shared/read.rs"]
        mod read;
        #[path = "shared/rebuild.rs"]
        mod rebuild;
        #[path = "shared/receive.rs"]
        mod receive;
        #[path = "shared/record_row.rs"]
        mod record_row;
        #[path = "shared/rota.rs"]
        mod rota;
        #[path = "shared/rows.rs"]
        mod rows;
        #[path = "shared/run.rs"]
        mod run;
        #[path = "shared/system.rs"]
        mod system;
        #[path = "shared/totals.rs"]
        mod totals;
        #[path = "shared/trail.rs"]
        mod trail;
    };
}

/// The identifier whose number a row of `record` holds.
macro_rules! id_of {
    ($no:literal) => {
        concat!("(select i.id from identifier i where i.no = ", $no, ")")
    };
}

/// The number that rows of `record` hold for an identifier; null if none does.
macro_rules! no_of {
    ($id:literal) => {
        concat!("(select i.no from identifier i where i.id = ", $id, ")")
    };
}

/// Holds for the same hash of a change on both sides, one of them in a row of `change`: the index knows the first half.
macro_rules! same_hash {
    ($one:literal, $other:literal) => {
        concat!($one, " = ", $other, " and substr(", $one, ", 1, 16) = substr(", $other, ", 1, 16)")
    };
}

/// The columns of a record `r`, in the order in which `read::line_of` reads them.
macro_rules! line_columns {
    () => {
        concat!(
            $crate::store::shared::id_of!("r.organisation"),
            " as organisation, r.id, r.kind, ",
            $crate::store::shared::id_of!("r.owner"),
            " as owner, ",
            $crate::store::shared::id_of!("r.office"),
            " as office, ",
            $crate::store::shared::id_of!("r.team"),
            " as team, ",
            $crate::store::shared::id_of!("r.project"),
            " as project, r.day, r.captured_ms, r.title, r.subtitle, r.stage, r.review, r.review_reason, r.conflicts, \
            r.completeness, r.flags, r.changes, r.heads, r.seq, r.updated_at"
        )
    };
}

/// The columns of a person `p`, in the order in which `rows::person_at` reads them.
macro_rules! person_columns {
    () => {
        "p.id, p.organisation, p.name, p.role, p.office, p.team, p.login, p.active, p.profile_version, \
        p.scope_version, p.created_at"
    };
}

/// The columns of a person `p` and a device `d`, in the order in which `rows::device_of` reads them.
macro_rules! device_columns {
    () => {
        "p.id, p.organisation, p.name, p.role, p.office, p.team, p.login, p.active, p.profile_version, \
        p.scope_version, p.created_at, d.id, d.key, d.label, d.app, d.enrolled_at, d.revoked_at, d.journal_n, \
        d.journal_link, d.last_exchange_at, d.skew_ms, d.backlog_records, d.backlog_changes, d.backlog_oldest, \
        d.backlog_photos, d.backlog_bytes, d.forked_at, d.replaces, d.deposited_at, d.wipe_ordered_at, \
        d.wipe_at_once, d.wiped_at, d.reminded_day, d.reminded_at, d.reminded_by, d.reminder_reached_at, \
        (select max(l.to_day) from membership l where l.person = p.id), \
        (select l.office from membership l where l.person = p.id and l.to_day is not null \
            order by l.from_day desc limit 1)"
    };
}

/// The columns of a session `s`, in the order in which `access::session_at` reads them.
macro_rules! session_columns {
    () => {
        "s.token_hash, s.id, s.person, s.created_at, s.expires_at, s.last_seen_at, s.network, s.client"
    };
}
pub(in crate::store) use {
    bulk_statements, device_columns, id_of, line_columns, mount, no_of, person_columns, same_hash, session_columns,
    statements,
};
