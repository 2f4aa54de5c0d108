-- The spine. Conventions: identifiers are 16-byte UUIDs, times are Unix milliseconds, bytes are blobs, JSON is text.
-- `change` is the truth; `record` and `record_search` are caches that `daybook rebuild` recreates.

create table meta (
    key text primary key,
    value text not null
);

create table server_key (
    id integer primary key check (id = 1),
    seed blob not null
);

create table organisation (
    id blob primary key,
    name text not null unique,
    created_at integer not null,
    -- The feed's counter: taken inside the publishing transaction, so a reader can't skip a row that commits late.
    seq integer not null default 0
);

create table office (
    id blob primary key,
    organisation blob not null references organisation,
    name text not null,
    time_zone text not null,
    unique (organisation, name)
);

create table team (
    id blob primary key,
    organisation blob not null references organisation,
    office blob not null references office,
    name text not null,
    unique (office, name)
);

create table project (
    id blob primary key,
    organisation blob not null references organisation,
    name text not null,
    unique (organisation, name)
);

create table person (
    id blob primary key,
    organisation blob not null references organisation,
    name text not null,
    role text not null,
    office blob references office,
    team blob references team,
    login text unique,
    password_hash text,
    active integer not null default 1,
    profile_version integer not null default 1,
    -- Rises when the person's territory changes, so that cursors of before are recognised.
    scope_version integer not null default 1,
    created_at integer not null
);
create index person_by_office on person (organisation, office, team);

-- Where a person was on which day; the last row has no end.
create table membership (
    person blob not null references person,
    from_day text not null,
    to_day text,
    office blob,
    team blob,
    primary key (person, from_day)
);

create table enrolment_code (
    code_hash blob primary key,
    organisation blob not null references organisation,
    person blob not null references person,
    hint text not null,
    created_at integer not null,
    expires_at integer not null,
    used_at integer,
    used_key blob,
    device blob
);
create index enrolment_code_by_person on enrolment_code (person, created_at);

create table device (
    id blob primary key,
    organisation blob not null references organisation,
    person blob not null references person,
    key blob not null,
    label text not null,
    app text not null,
    enrolled_at integer not null,
    revoked_at integer,
    journal_n integer not null default 0,
    journal_link blob not null,
    last_exchange_at integer,
    skew_ms integer,
    backlog_records integer not null default 0,
    backlog_changes integer not null default 0,
    backlog_oldest integer,
    backlog_photos integer not null default 0,
    backlog_bytes integer not null default 0
);
create index device_by_person on device (person);

-- Who writes under an actor. An actor belongs to one device for ever, or to one person at the server.
create table actor (
    id blob primary key,
    organisation blob not null references organisation,
    person blob not null references person,
    device blob references device,
    since integer not null
);

create table staff_session (
    token_hash blob primary key,
    person blob not null references person,
    created_at integer not null,
    expires_at integer not null
);

-- The signed heads of the journals: with the entries in `change` they prove what a device said, and when.
create table journal_head (
    device blob not null references device,
    n integer not null,
    link blob not null,
    signature blob not null,
    received_at integer not null,
    primary key (device, n)
) without rowid;

-- One row per line of a journal, and per change that staff made at the server (without device and n).
-- state: 0 received, 1 published, 2 held, 3 quarantined, 4 waiting, 5 refused
create table change (
    id integer primary key,
    organisation blob not null,
    record blob not null,
    hash blob not null,
    actor blob,
    actor_seq integer,
    device blob,
    person blob not null,
    n integer,
    wall_ms integer not null,
    mono_ms integer not null,
    boot integer not null,
    received_at integer not null,
    state integer not null,
    code text,
    seq integer,
    verdict_seq integer,
    raw blob
);
create unique index change_by_hash on change (record, hash);
create unique index change_by_line on change (device, n) where device is not null;
create index change_received on change (organisation, id) where state = 0;
create index change_open_line on change (device, n) where state = 0;
create index change_verdict on change (device, verdict_seq) where verdict_seq is not null;
create index change_set_aside on change (organisation, state, id) where state in (2, 3, 4);

create table record (
    id blob primary key,
    organisation blob not null,
    kind text not null,
    owner blob not null,
    office blob not null,
    team blob,
    project blob,
    day text not null,
    captured_ms integer not null,
    title text not null,
    subtitle text not null,
    stage text,
    review text not null,
    review_reason text,
    conflicts integer not null,
    completeness integer,
    flags integer not null,
    changes integer not null,
    heads blob not null,
    seq integer not null,
    -- At which position of the feed the record came into the scope of its present owner, team, office, organisation.
    owner_since integer not null,
    team_since integer not null,
    office_since integer not null,
    first_seq integer not null,
    updated_at integer not null
);
create index record_feed on record (organisation, seq);
create index record_feed_office on record (office, seq);
create index record_feed_team on record (team, seq);
create index record_feed_owner on record (owner, seq);
create index record_list on record (organisation, captured_ms, id);
create index record_list_office on record (office, captured_ms, id);
create index record_list_owner on record (owner, captured_ms, id);
create index record_list_review on record (organisation, review, captured_ms, id);
create index record_list_day on record (organisation, day, captured_ms, id);

create virtual table record_search using fts5 (
    terms,
    content = '',
    contentless_delete = 1,
    tokenize = "unicode61 remove_diacritics 0"
);

-- Records that left a scope, to be told to its devices.
create table departure (
    scope blob not null,
    record blob not null,
    seq integer not null,
    primary key (scope, record)
) without rowid;
create index departure_feed on departure (scope, seq);

-- A random salt for each block of feed positions. A cursor with an unknown salt proves that the server went back.
create table feed_salt (
    organisation blob not null,
    from_seq integer not null,
    salt integer not null,
    primary key (organisation, from_seq)
) without rowid;
