-- Only PostgreSQL's index of words is our own (docs/adr/0007).
select 1;
