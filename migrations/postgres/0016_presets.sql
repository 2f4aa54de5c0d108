-- Filters of lists that somebody keeps by name, for themselves alone.
create table preset (
    id uuid primary key,
    person uuid not null references person (id),
    name text not null,
    -- A JSON object, as the console wrote it.
    filter text not null,
    unique (person, name)
);
