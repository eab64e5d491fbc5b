-- The full-text index. It is filled behind the posts, up to `search_progress.key`: a trigger would triple their cost.
-- The room's number is indexed as a word of its own, so that a search in one room does not walk through the others.

-- up
create virtual table search using fts5 (
    text, room,
    content = 'messages', content_rowid = 'key', columnsize = 0,
    tokenize = 'unicode61 remove_diacritics 2'
);
create table search_progress (key integer not null) strict;
insert into search_progress (key) values (0);

-- down
drop table search_progress;
drop table search;
