-- Only PostgreSQL's index of words has to be made in another way (docs/adr/0007): FTS5 keeps no words beside its index.
select 1;
