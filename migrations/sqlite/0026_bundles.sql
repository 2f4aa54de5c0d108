-- What comes together lies together (docs/adr/0014): the changes that one push brings of one record, and that are
-- published at once, are one row here. All others stay rows of `change`, and so does whatever was stored before. A bundle
-- never changes: where something of it has to be judged anew, its changes become rows of `change`.
--
-- Servers of an older version would not find these changes.
create table bundle (
    record blob not null,
    -- The feed position at which they were published.
    seq integer not null,
    -- The number of the device that brought them.
    device integer not null,
    received_at integer not null,
    -- Their names, 32 bytes each.
    hashes blob not null,
    -- The place, line, actor and sequence number of each, packed.
    lines blob not null,
    -- Their bytes, packed.
    contents blob not null,
    primary key (record, seq)
);

-- The lines of a journal that one push brought and whose changes lie in bundles.
create table journal_part (
    device integer not null,
    -- The number of the first.
    first_n integer not null,
    -- What they say, packed: number, record and clocks of each.
    entries blob not null,
    primary key (device, first_n)
);
