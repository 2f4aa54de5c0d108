-- What people decided about changes that were set aside, and why. The changes themselves are never removed.
create table decision (
    no integer primary key,
    organisation integer not null,
    record blob not null,
    -- 0 replayed, 1 discarded, 2 accepted, 3 rejected
    act integer not null,
    -- Null if it was ordered at the machine itself, with `daybook admin`.
    person blob references person (id),
    reason text,
    decided_at integer not null
);
create index decision_by_record on decision (record, no);

-- The last decision about the change.
alter table change add column decision integer;
