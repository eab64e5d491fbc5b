-- A read mark says who made it and when, so that it tells who comes to a room, and when they were last there. Marks of
-- an earlier version know neither; they do when their user comes again.

-- up
alter table reads add column user_name text not null default '';
alter table reads add column user_avatar text;
alter table reads add column at text not null default '';
create index reads_by_time on reads (room, at, user_id);

-- down
drop index reads_by_time;
alter table reads drop column at;
alter table reads drop column user_avatar;
alter table reads drop column user_name;
