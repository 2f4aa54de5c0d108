-- Indexes of read tables that were dropped while nothing was in these, so that they are filled quickly: `daybook rebuild`
-- makes them again when it has filled them, and so does whoever opens a database in which it was interrupted.
create table index_to_make (
    name text collate "C" primary key,
    -- The statement that makes it.
    definition text not null
);
