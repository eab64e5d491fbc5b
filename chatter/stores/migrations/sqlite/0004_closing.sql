-- A room that was closed keeps its name and its log, and is not found any more: who looks for rooms looks here. Whom to
-- disconnect is numbered, so that it is seen what was not done yet.

-- up
alter table rooms add column closed_at text;
create view open_rooms as select id, name, topic, created_at, last_seq from rooms where closed_at is null;
create table disconnections (
    number integer primary key,
    user_id text not null,
    at text not null
) strict;

-- down
drop table disconnections;
drop view open_rooms;
alter table rooms drop column closed_at;
