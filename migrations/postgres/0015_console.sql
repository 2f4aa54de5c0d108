-- From when on a phone that has exchanged counts as having handed in its day: an hour of the office's clocks.
alter table organisation add column evening_hour bigint not null default 17;

-- Records from before 0014, which the server makes findable by pairs of characters one after another.
create index record_unsearchable on record (id) where search_digest is null;

-- How many customers a consultant has received is counted over all of them.
create index day_fact_received on day_fact (office, consultant) where sort = 'arrival';

-- Records with a certain flag, and leads at a certain stage, are few among many, and asked for by themselves.
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

-- Photos are looked through from the newest one.
create index photo_newest on photo (organisation, stored_at);
