-- The key that signs tokens, when none was set: all nodes need the same.

-- up
create table secrets (
    name text primary key,
    value text not null
);

-- down
drop table secrets;
