-- The spine. Conventions: identifiers are 16-byte UUIDs, times are Unix milliseconds, bytes are blobs, JSON is text.
-- `change` is the truth; `record` and `record_search` are caches that `daybook rebuild` recreates.
-- Tables to which millions of rows refer have a short `no` beside their identifier (docs/adr/0003).

create table meta (
    key text primary key,
    value text not null
);

create table server_key (
    id integer primary key check (id = 1),
    seed blob not null
);

create table organisation (
    no integer primary key,
    id blob not null unique,
    name text not null unique,
    created_at integer not null,
    -- The feed's counter: taken inside the publishing transaction, so a reader can't skip a row that commits late.
    seq integer not null default 0
);

create table office (
    id blob primary key,
    organisation blob not null references organisation (id),
    name text not null,
    time_zone text not null,
    unique (organisation, name)
);

create table team (
    id blob primary key,
    organisation blob not null references organisation (id),
    office blob not null references office (id),
    name text not null,
    unique (office, name)
);

create table project (
    id blob primary key,
    organisation blob not null references organisation (id),
    name text not null,
    unique (organisation, name)
);

create table person (
    id blob primary key,
    organisation blob not null references organisation (id),
    name text not null,
    role text not null,
    office blob references office (id),
    team blob references team (id),
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
    person blob not null references person (id),
    from_day text not null,
    to_day text,
    office blob,
    team blob,
    primary key (person, from_day)
);

create table enrolment_code (
    code_hash blob primary key,
    organisation blob not null references organisation (id),
    person blob not null references person (id),
    hint text not null,
    created_at integer not null,
    expires_at integer not null,
    used_at integer,
    used_key blob,
    device blob
);
create index enrolment_code_by_person on enrolment_code (person, created_at);

create table device (
    no integer primary key,
    id blob not null unique,
    organisation blob not null references organisation (id),
    person blob not null references person (id),
    key blob not null,
    label text not null,
    app text not null,
    enrolled_at integer not null,
    revoked_at integer,
    -- A phone that was cloned or restored goes on under another identity; whoever still uses this one has to as well.
    forked_at integer,
    replaces blob references device (id),
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
create index device_by_replaced on device (replaces) where replaces is not null;

-- Who writes under an actor. An actor belongs to one device for ever, or to one person at the server.
create table actor (
    no integer primary key,
    id blob not null unique,
    organisation blob not null references organisation (id),
    person blob not null references person (id),
    device blob references device (id),
    since integer not null
);

create table staff_session (
    token_hash blob primary key,
    person blob not null references person (id),
    created_at integer not null,
    expires_at integer not null
);

-- The signed heads of the journals: with the entries in `change` they prove what a device said, and when.
create table journal_head (
    device blob not null references device (id),
    n integer not null,
    link blob not null,
    signature blob not null,
    received_at integer not null,
    primary key (device, n)
) without rowid;

-- Up to which line each verified backup holds each journal: below the oldest one that may still be restored, phones
-- need not keep what they have sent.
create table backup_line (
    device integer not null references device (no),
    taken_at integer not null,
    n integer not null,
    primary key (device, taken_at)
) without rowid;

-- One row per line of a journal, and per change that staff made at the server. `organisation`, `actor` and `device`
-- are the numbers of those tables. Lines have a device, and its person is the author; staff changes have a person.
-- state: 0 received, 1 published, 2 held, 3 quarantined, 4 waiting, 5 refused
create table change (
    id integer primary key,
    organisation integer not null,
    record blob not null,
    hash blob not null,
    -- 0 for the line that brought the change; a line that brings it again keeps its true hash and counts up here.
    repetition integer not null,
    actor integer,
    actor_seq integer,
    device integer,
    person blob,
    n integer,
    wall_ms integer,
    mono_ms integer,
    boot integer,
    received_at integer not null,
    state integer not null,
    code text,
    -- The feed position at which it was published, and its place among the changes published there.
    seq integer,
    place integer,
    -- The feed position after which its device has to be told what became of it.
    verdict_seq integer,
    raw blob,
    check ((device is null) = (n is null) and (device is null) <> (person is null))
);
create unique index change_by_record on change (record, hash, repetition);
create unique index change_by_line on change (device, n) where device is not null;
create index change_received on change (id, record) where state = 0;
create index change_open_line on change (device, n) where state = 0;
create index change_verdict on change (device, verdict_seq) where verdict_seq is not null;
create index change_set_aside on change (organisation, state, id) where state in (2, 3, 4, 5);

create table record (
    -- The row of `record_search`. It is named because `vacuum` renumbers rows whose number has no name.
    no integer primary key,
    id blob not null unique,
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
-- Lists are sorted by (captured_ms, id). The identifier is left out of the indexes: it decides only between records
-- of the same millisecond, and would be a third of each index.
create index record_list on record (organisation, captured_ms);
create index record_list_office on record (office, captured_ms);
create index record_list_team on record (team, captured_ms);
create index record_list_owner on record (owner, captured_ms);
create index record_list_review on record (organisation, review, captured_ms);
create index record_list_day on record (organisation, day, captured_ms);

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
