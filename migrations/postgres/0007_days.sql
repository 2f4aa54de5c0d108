-- The office's day: what it counts, and what was sealed of it.

-- Who made a record, and for which office: it counts for that day and that promoter, whoever it belongs to now.
alter table record add column made_by uuid;
alter table record add column made_in uuid;
update record set made_by = owner, made_in = office;
create index record_made on record (made_in, day);

-- What a lead says about a business day beside its own: arrivals and money. Entries of leads are never taken back; an
-- arrival, which is a field, has eight zeros for an entry. `daybook rebuild` recreates all of this.
create table day_fact (
    record uuid not null,
    entry bytea not null,
    organisation uuid not null,
    office uuid not null,
    day text collate "C" not null,
    sort text not null,
    -- Yuan, as an exact decimal.
    amount text,
    consultant text,
    primary key (record, entry)
);
create index day_fact_by_day on day_fact (office, day);

-- Sealed statements (number 0) and their supplements. Never updated, never deleted.
create table statement (
    organisation uuid not null references organisation (id),
    office uuid not null references office (id),
    day text collate "C" not null,
    number bigint not null,
    sealed_at bigint not null,
    person uuid not null,
    -- The signed bytes, a JSON object.
    body text not null,
    signature bytea not null,
    primary key (office, day, number)
);
create index statement_by_day on statement (organisation, day);

-- Which statement counts what: each record once (its entry is empty), each fact once.
create table sealed_item (
    record uuid not null,
    entry bytea not null,
    office uuid not null,
    day text collate "C" not null,
    number bigint not null,
    primary key (record, entry)
);
create index sealed_item_by_day on sealed_item (office, day);

-- The consultants who receive an office's customers, in the order of the rota.
create table consultant (
    office uuid not null references office (id),
    name text collate "C" not null,
    place bigint not null,
    primary key (office, name)
);
