-- A read mark says who made it and when, so that it tells who comes to a room, and when they were last there. Marks of
-- an earlier version know neither; they do when their user comes again.

-- up
alter table reads
    add column user_name text not null default '',
    add column user_avatar text,
    add column at text collate "C" not null default '';
create index reads_by_time on reads (room, at, user_id);

-- down
drop index reads_by_time;
alter table reads drop column at, drop column user_avatar, drop column user_name;
