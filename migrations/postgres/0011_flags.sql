-- What flags of records compare: where and when somebody made records, and whose phone numbers leads have. `daybook rebuild`
-- recreates all of this, also for records from before.

-- Ten-millionths of a degree; null without a fix.
alter table record add column lat bigint;
alter table record add column lon bigint;
create index record_by_maker on record (made_by, captured_ms);
create index record_list_flagged on record (organisation, captured_ms) where flags <> 0;

-- A full number as a hash with its organisation: it is only ever compared.
create table lead_phone (
    phone bigint not null,
    record uuid not null,
    primary key (phone, record)
);
create index lead_phone_by_record on lead_phone (record);

-- From when on a flag is raised, as a JSON object; null for what the program holds to be usual.
alter table organisation add column thresholds text;
