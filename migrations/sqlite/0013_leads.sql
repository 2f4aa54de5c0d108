-- How far leads have come is counted over all of them.
create index record_leads on record (organisation, office, project, stage) where kind = 'lead';
