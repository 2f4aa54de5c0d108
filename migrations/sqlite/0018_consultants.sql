-- The leads whose customers a consultant has received are found by their name.
create index day_fact_of_consultant on day_fact (consultant, record) where sort = 'arrival';
