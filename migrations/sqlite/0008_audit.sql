-- Who did what from where. Rows are only added; each carries a link over itself and the one before it, so that whoever
-- changes or removes one breaks the chain.
create table audit_entry (
    organisation blob not null references organisation (id),
    no integer not null,
    at integer not null,
    -- Null for whoever administers the server itself.
    person blob,
    -- The address of the browser, or `machine`.
    origin text not null,
    act text not null,
    subject text not null,
    -- A JSON value.
    detail text not null,
    link blob not null,
    primary key (organisation, no)
) without rowid;
create index audit_entry_by_person on audit_entry (organisation, person, no);
