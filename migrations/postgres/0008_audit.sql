-- Who did what from where. Rows are only added; each carries a link over itself and the one before it, so that whoever
-- changes or removes one breaks the chain.
create table audit_entry (
    organisation uuid not null references organisation (id),
    no bigint not null,
    at bigint not null,
    -- Null for whoever administers the server itself.
    person uuid,
    -- The address of the browser, or `machine`.
    origin text not null,
    act text not null,
    subject text not null,
    -- A JSON value.
    detail text not null,
    link bytea not null,
    primary key (organisation, no)
);
create index audit_entry_by_person on audit_entry (organisation, person, no);
