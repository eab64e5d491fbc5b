-- Rooms and their logs. A room's log is its new messages and its changes together, ordered by seq, so a new message
-- is written once. A message row says how the message stands now; `changes` keeps what happened to it since.

-- up
create table rooms (
    id integer primary key,
    name text not null unique,
    topic text not null,
    created_at text not null,
    last_seq integer not null default 0
) strict;

create table messages (
    key integer primary key,
    id text not null unique,
    room integer not null references rooms,
    seq integer not null,
    user_id text not null,
    user_name text not null,
    user_avatar text,
    text text not null,
    inserted_at text not null,
    client_id text,
    edited_at text,
    deleted integer not null default 0
) strict;
create unique index messages_in_order on messages (room, seq);
-- client_id first: most clients make them in the order of time, and then new entries share a page of the index.
create unique index messages_by_client on messages (client_id, user_id, room) where client_id is not null;

create table changes (
    room integer not null references rooms,
    seq integer not null,
    kind text not null check (kind in ('edited', 'deleted', 'reacted')),
    message integer not null references messages,
    command_id text not null unique,
    user_id text not null,
    user_name text not null,
    at text not null,
    text text,
    emoji text,
    given integer,
    primary key (room, seq)
) strict, without rowid;
create index changes_of_message on changes (message, seq);

-- `since` is the seq at which the message got its first reaction of that kind: it orders the kinds.
create table reactions (
    message integer not null references messages,
    emoji text not null,
    user_id text not null,
    since integer not null,
    seq integer not null,
    primary key (message, emoji, user_id)
) strict, without rowid;

create table reads (
    room integer not null references rooms,
    user_id text not null,
    seq integer not null,
    primary key (room, user_id)
) strict, without rowid;

insert into rooms (name, topic, created_at) values ('lobby', '', strftime('%Y-%m-%dT%H:%M:%fZ', 'now'));

-- down
drop table reads;
drop table reactions;
drop table changes;
drop table messages;
drop table rooms;
