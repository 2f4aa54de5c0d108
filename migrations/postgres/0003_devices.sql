-- Devices that are parted with. A cut-off device hands in what it has; `deposited_at` is when it last said that
-- nothing is left, and is empty while something is.
alter table device add column deposited_at bigint;
-- An order to forget everything. It reaches the device once nothing is left on it and, unless `wipe_at_once`, a
-- verified backup holds all that it has sent.
alter table device add column wipe_ordered_at bigint;
alter table device add column wipe_at_once boolean not null default false;
-- When the device said that it has obeyed.
alter table device add column wiped_at bigint;
