-- Whose turn was given to a customer whose arrival is being written: whoever notes another one at the same moment takes
-- the next turn. They count for a minute, and no more once the arrival is there.
create table rota_turn (
    record blob primary key,
    office blob not null references office (id),
    -- The business day of the arrival.
    day text not null,
    consultant text not null,
    taken_at integer not null
);
create index rota_turn_of_day on rota_turn (office, day);
