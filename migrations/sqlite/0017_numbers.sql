-- What every record repeats is a short number, in its row and in its indexes: an identifier takes sixteen bytes, a number
-- two. The row's other columns are as they were.
--
-- Servers of an older version can't read these tables: all of them have to be stopped before the first of this version
-- starts (docs/adr/0007).
create table identifier (
    no integer primary key,
    id blob not null unique
);
insert into identifier (id)
select organisation from record
union select owner from record
union select office from record
union select team from record where team is not null
union select project from record where project is not null
union select made_by from record where made_by is not null
union select made_in from record where made_in is not null;

create table record_numbered (
    -- The row of `record_search`. It is named because `vacuum` renumbers rows whose number has no name.
    no integer primary key,
    id blob not null unique,
    organisation integer not null,
    kind text not null,
    owner integer not null,
    office integer not null,
    team integer,
    project integer,
    day text not null,
    captured_ms integer not null,
    title text not null,
    subtitle text not null,
    stage text,
    review text not null,
    review_reason text,
    conflicts integer not null,
    completeness integer,
    flags integer not null,
    changes integer not null,
    heads blob not null,
    seq integer not null,
    -- At which position of the feed the record came into the scope of its present owner, team, office, organisation.
    owner_since integer not null,
    team_since integer not null,
    office_since integer not null,
    first_seq integer not null,
    updated_at integer not null,
    -- Who made it, and for which office: it counts for that day and that promoter, whoever it belongs to now.
    made_by integer,
    made_in integer,
    -- Where, in ten-millionths of a degree; null without a fix.
    lat integer,
    lon integer,
    -- What `record_search` was made of; null if the record is not findable yet.
    search_digest integer
);
insert into record_numbered (no, id, organisation, kind, owner, office, team, project, day, captured_ms, title, subtitle,
    stage, review, review_reason, conflicts, completeness, flags, changes, heads, seq, owner_since, team_since,
    office_since, first_seq, updated_at, made_by, made_in, lat, lon, search_digest)
select r.no, r.id, organisation.no, r.kind, owner.no, office.no, team.no, project.no, r.day, r.captured_ms, r.title,
    r.subtitle, r.stage, r.review, r.review_reason, r.conflicts, r.completeness, r.flags, r.changes, r.heads, r.seq,
    r.owner_since, r.team_since, r.office_since, r.first_seq, r.updated_at, made_by.no, made_in.no, r.lat, r.lon,
    r.search_digest
from record r
    join identifier organisation on organisation.id = r.organisation
    join identifier owner on owner.id = r.owner
    join identifier office on office.id = r.office
    left join identifier team on team.id = r.team
    left join identifier project on project.id = r.project
    left join identifier made_by on made_by.id = r.made_by
    left join identifier made_in on made_in.id = r.made_in;
drop table record;
alter table record_numbered rename to record;
create index record_feed on record (organisation, seq);
create index record_feed_office on record (office, seq);
create index record_feed_team on record (team, seq);
create index record_feed_owner on record (owner, seq);
-- Lists are sorted by (captured_ms, id). The identifier is left out of the indexes: it decides only between records
-- of the same millisecond, and would be half of each index.
create index record_list on record (organisation, captured_ms);
create index record_list_office on record (office, captured_ms);
create index record_list_team on record (team, captured_ms);
create index record_list_owner on record (owner, captured_ms);
create index record_list_review on record (organisation, review, captured_ms);
create index record_list_day on record (organisation, day, captured_ms);
create index record_made on record (made_in, day);
create index record_by_maker on record (made_by, captured_ms);
-- What is rare and asked for by itself.
create index record_list_conflict on record (organisation, captured_ms) where conflicts > 0;
create index record_list_flagged on record (organisation, captured_ms) where flags <> 0;
create index record_list_mock_location on record (organisation, captured_ms) where (flags & 1) <> 0;
create index record_list_clock_jump on record (organisation, captured_ms) where (flags & 2) <> 0;
create index record_list_impossible_travel on record (organisation, captured_ms) where (flags & 4) <> 0;
create index record_list_outside_geofence on record (organisation, captured_ms) where (flags & 8) <> 0;
create index record_list_repeated_photo on record (organisation, captured_ms) where (flags & 16) <> 0;
create index record_list_hasty_survey on record (organisation, captured_ms) where (flags & 32) <> 0;
create index record_list_hasty_records on record (organisation, captured_ms) where (flags & 64) <> 0;
create index record_list_duplicate_phone on record (organisation, captured_ms) where (flags & 128) <> 0;
create index record_list_cloned_device on record (organisation, captured_ms) where (flags & 256) <> 0;
create index record_list_late_record on record (organisation, captured_ms) where (flags & 512) <> 0;
create index record_list_missing_consent on record (organisation, captured_ms) where (flags & 1024) <> 0;
create index record_list_stage on record (organisation, stage, captured_ms) where stage is not null;
create index record_unsearchable on record (id) where search_digest is null;
-- How far leads have come is counted over all of them.
create index record_leads on record (organisation, office, project, stage) where kind = 'lead';

-- A change is found by its record and the first half of its hash, which nobody can make two changes share: a whole hash
-- is as long as everything else in the index together.
drop index change_by_record;
create unique index change_by_record on change (record, substr(hash, 1, 16), repetition);
