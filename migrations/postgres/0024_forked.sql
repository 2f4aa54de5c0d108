-- Phones that turned out to have a copy: what they wrote before that is flagged as well, one record after the other.
create table forked_to_raise (
    device uuid primary key references device (id),
    -- All records up to this one are done.
    behind uuid not null
);
