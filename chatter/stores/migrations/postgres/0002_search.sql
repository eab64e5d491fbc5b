-- The full-text index, always up to date: the words are a column of the message, written with it. They are cut out of
-- the text by the adapter (stores/postgres/words.py), so that the same words are found whatever the server's version,
-- locale and dictionaries. The room's name is a word of its own, so that a search in one room does not walk through
-- the others.

-- up
alter table messages add column words tsvector not null default '';
-- A short list of what is not yet sorted in: each search reads it all.
create index messages_by_words on messages using gin (words) with (gin_pending_list_limit = 512);

-- down
drop index messages_by_words;
alter table messages drop column words;
