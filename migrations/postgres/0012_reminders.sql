-- What an office asked a phone for that has not handed in a day; a newer reminder replaces it. It stands with the phone, which
-- every exchange reads anyway.
alter table device add column reminded_day text;
alter table device add column reminded_at bigint;
alter table device add column reminded_by uuid;
-- When the phone said that it has it; empty until then.
alter table device add column reminder_reached_at bigint;
