-- How many records there are of each sort: kept by whoever writes a record's row, because counting a million of them
-- takes too long. Each record counts twice, under its business day and under the day '', which stands for all days. A
-- record without a team counts under the identifier of sixteen zeros. A cache: `daybook rebuild` recreates it.
create table record_total (
    organisation uuid not null,
    day text collate "C" not null,
    office uuid not null,
    team uuid not null,
    owner uuid not null,
    kind text collate "C" not null,
    review text collate "C" not null,
    records bigint not null,
    primary key (organisation, day, office, team, owner, kind, review)
);
create index record_total_office on record_total (office, day);
create index record_total_team on record_total (team, day);
create index record_total_owner on record_total (owner, day);

insert into record_total (organisation, day, office, team, owner, kind, review, records)
select organisation, day, office, coalesce(team, '00000000-0000-0000-0000-000000000000'), owner, kind, review, count(*)
from record group by 1, 2, 3, 4, 5, 6, 7
union all
select organisation, '', office, coalesce(team, '00000000-0000-0000-0000-000000000000'), owner, kind, review, count(*)
from record group by 1, 3, 4, 5, 6, 7;

-- Records in conflict are few, and asked for by themselves.
create index record_list_conflict on record (organisation, captured_ms) where conflicts > 0;
