-- What comes together lies together (docs/adr/0014): the changes that one push brings of one record, and that are
-- published at once, are one row here. All others stay rows of `change`, and so does whatever was stored before. A bundle
-- never changes: where something of it has to be judged anew, its changes become rows of `change`.
--
-- Servers of an older version would not find these changes.
create table bundle (
    record uuid not null,
    -- The feed position at which they were published.
    seq bigint not null,
    -- The number of the device that brought them.
    device bigint not null,
    received_at bigint not null,
    -- Their names, 32 bytes each.
    hashes bytea not null,
    -- The place, line, actor and sequence number of each, packed.
    lines bytea not null,
    -- Their bytes, packed.
    contents bytea not null,
    primary key (record, seq)
) partition by range (record);
alter table bundle alter column contents set storage external;
create table bundle_other partition of bundle default;

-- The lines of a journal that one push brought and whose changes lie in bundles.
create table journal_part (
    device bigint not null,
    -- The number of the first.
    first_n bigint not null,
    -- What they say, packed: number, record and clocks of each.
    entries bytea not null,
    primary key (device, first_n)
);
alter table journal_part alter column entries set storage external;
