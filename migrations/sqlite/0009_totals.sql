-- How many records there are of each sort: kept by whoever writes a record's row, because counting a million of them
-- takes too long. Each record counts twice, under its business day and under the day '', which stands for all days. A
-- record without a team counts under the identifier of sixteen zeros. A cache: `daybook rebuild` recreates it.
create table record_total (
    organisation blob not null,
    day text not null,
    office blob not null,
    team blob not null,
    owner blob not null,
    kind text not null,
    review text not null,
    records integer not null,
    primary key (organisation, day, office, team, owner, kind, review)
) without rowid;
create index record_total_office on record_total (office, day);
create index record_total_team on record_total (team, day);
create index record_total_owner on record_total (owner, day);

insert into record_total (organisation, day, office, team, owner, kind, review, records)
select organisation, day, office, coalesce(team, zeroblob(16)), owner, kind, review, count(*)
from record group by 1, 2, 3, 4, 5, 6, 7
union all
select organisation, '', office, coalesce(team, zeroblob(16)), owner, kind, review, count(*)
from record group by 1, 3, 4, 5, 6, 7;

-- Records in conflict are few, and asked for by themselves.
create index record_list_conflict on record (organisation, captured_ms) where conflicts > 0;
