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
/// `DbRow`, `Backend`, `PLACEHOLDERS`, `KIND`, `SIZE`, `SERVERS`, `snapshot`, `block_salt`, `announce` and the modules `search` and `rows_in_turn`.
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
        #[path = "shared/implementation.rs"]
        mod implementation;
        #[path = "shared/judge.rs"]
        mod judge;
        #[path = "shared/keep.rs"]
        mod keep;
        #[path = "shared/leads.rs"]
        mod leads;
        #[path = "shared/organisation.rs"]
        mod organisation;
        #[path = "shared/photos.rs"]
        mod photos;
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

/// The columns of a record `r`, in the order in which `read::line_of` reads them.
macro_rules! line_columns {
    () => {
        "r.organisation, r.id, r.kind, r.owner, r.office, r.team, r.project, r.day, r.captured_ms, r.title, \
        r.subtitle, r.stage, r.review, r.review_reason, r.conflicts, r.completeness, r.flags, r.changes, r.heads, \
        r.seq, r.updated_at"
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
        d.wipe_at_once, d.wiped_at, d.reminded_day, d.reminded_at, d.reminded_by, d.reminder_reached_at"
    };
}

/// The columns of a session `s`, in the order in which `access::session_at` reads them.
macro_rules! session_columns {
    () => {
        "s.token_hash, s.id, s.person, s.created_at, s.expires_at, s.last_seen_at, s.network, s.client"
    };
}
pub(in crate::store) use {
    bulk_statements, device_columns, line_columns, mount, person_columns, session_columns, statements,
};
