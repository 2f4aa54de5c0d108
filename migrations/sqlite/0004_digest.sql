-- Changes that phones hold as published and this database lacks, where the phone can't prove whose they are: others'
-- changes, and those of staff, after an older backup was restored. A person looks at them. One whose change has come
-- the regular way meanwhile counts no more.
-- state: 0 open, 1 adopted, 2 discarded
create table stray (
    id integer primary key,
    organisation blob not null references organisation (id),
    record blob not null,
    hash blob not null,
    actor blob not null,
    raw blob not null,
    -- Who wrote it, as the phone says.
    claimed blob,
    offered_by blob not null references device (id),
    at integer not null,
    state integer not null,
    decided_by blob references person (id),
    decided_at integer,
    reason text,
    unique (organisation, record, hash)
);
create index stray_open on stray (organisation, id) where state = 0;
create index stray_by_device on stray (offered_by) where state = 0;

-- Devices that have to compare what they hold with their next exchange.
create table digest_order (
    device blob primary key references device (id),
    at integer not null
) without rowid;
