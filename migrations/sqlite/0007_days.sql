-- The office's day: what it counts, and what was sealed of it.

-- Who made a record, and for which office: it counts for that day and that promoter, whoever it belongs to now.
alter table record add column made_by blob;
alter table record add column made_in blob;
update record set made_by = owner, made_in = office;
create index record_made on record (made_in, day);

-- What a lead says about a business day beside its own: arrivals and money. Entries of leads are never taken back; an
-- arrival, which is a field, has eight zeros for an entry. `daybook rebuild` recreates all of this.
create table day_fact (
    record blob not null,
    entry blob not null,
    organisation blob not null,
    office blob not null,
    day text not null,
    sort text not null,
    -- Yuan, as an exact decimal.
    amount text,
    consultant text,
    primary key (record, entry)
) without rowid;
create index day_fact_by_day on day_fact (office, day);

-- Sealed statements (number 0) and their supplements. Never updated, never deleted.
create table statement (
    organisation blob not null references organisation (id),
    office blob not null references office (id),
    day text not null,
    number integer not null,
    sealed_at integer not null,
    person blob not null,
    -- The signed bytes, a JSON object.
    body text not null,
    signature blob not null,
    primary key (office, day, number)
) without rowid;
create index statement_by_day on statement (organisation, day);

-- Which statement counts what: each record once (its entry is empty), each fact once.
create table sealed_item (
    record blob not null,
    entry blob not null,
    office blob not null,
    day text not null,
    number integer not null,
    primary key (record, entry)
) without rowid;
create index sealed_item_by_day on sealed_item (office, day);

-- The consultants who receive an office's customers, in the order of the rota.
create table consultant (
    office blob not null references office (id),
    name text not null,
    place integer not null,
    primary key (office, name)
) without rowid;
