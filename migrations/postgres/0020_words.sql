-- Words lie as they are cut, with a space before and behind each, and the index makes its vectors of them: a vector with
-- places takes twice the room. Which words stand side by side, the text itself tells.
--
-- Servers of an older version can't find anything in this table (docs/adr/0007).
create table record_words (
    -- As in `record`.
    no bigint primary key,
    words text collate "C" not null
);
insert into record_words (no, words)
select s.no, coalesce(
    (select ' ' || string_agg(word.lexeme, ' ' order by place) || ' ' from unnest(s.terms) word, unnest(word.positions) place),
    ' ')
from record_search s;
-- A vector counts places up to here, and notes so many of each word: the server finds these records' words anew.
update record set search_digest = null where no in (
    select s.no from record_search s
    where exists (select 1 from unnest(s.terms) word where 16383 = any (word.positions) or cardinality(word.positions) >= 255));
drop table record_search;
alter table record_words rename to record_search;
alter index record_words_pkey rename to record_search_pkey;
-- To read the text as a vector would take twice the time: each of its letters is looked up in the locale.
create index record_search_words on record_search using gin (array_to_tsvector(string_to_array(btrim(words), ' ')));
