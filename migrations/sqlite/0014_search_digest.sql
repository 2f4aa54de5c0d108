-- What `record_search` was made of: the index does not give its terms back. `daybook rebuild` leaves a record alone whose
-- digest is right, and makes the others findable anew; records from before have none.
alter table record add column search_digest integer;
