-- Whose turn was given to a customer whose arrival is being written: whoever notes another one at the same moment takes
-- the next turn. They count for a minute, and no more once the arrival is there.
create table rota_turn (
    record uuid primary key,
    office uuid not null references office (id),
    -- The business day of the arrival.
    day text collate "C" not null,
    consultant text collate "C" not null,
    taken_at bigint not null
);
create index rota_turn_of_day on rota_turn (office, day);
