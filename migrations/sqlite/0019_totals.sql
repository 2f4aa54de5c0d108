-- Totals hold numbers in place of identifiers, as rows of records do (0017), and tell projects apart. A record without a
-- team or project counts under the number 0. A cache: `daybook rebuild` recreates it.
--
-- Servers of an older version can't go on with it (docs/adr/0007).
drop table record_total;
create table record_total (
    organisation integer not null,
    -- The business day, or '' for all days.
    day text not null,
    office integer not null,
    team integer not null,
    owner integer not null,
    project integer not null,
    kind text not null,
    review text not null,
    records integer not null,
    primary key (organisation, day, office, team, owner, project, kind, review)
) without rowid;
create index record_total_office on record_total (office, day);
create index record_total_team on record_total (team, day);
create index record_total_owner on record_total (owner, day);
create index record_total_project on record_total (project, day) where project <> 0;

insert into record_total (organisation, day, office, team, owner, project, kind, review, records)
select organisation, day, office, coalesce(team, 0), owner, coalesce(project, 0), kind, review, count(*)
from record group by 1, 2, 3, 4, 5, 6, 7, 8
union all
select organisation, '', office, coalesce(team, 0), owner, coalesce(project, 0), kind, review, count(*)
from record group by 1, 3, 4, 5, 6, 7, 8;

create index record_list_project on record (project, captured_ms) where project is not null;
