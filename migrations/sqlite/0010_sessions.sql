-- Sessions that people can tell apart and end one by one. Those of before end: they say nothing of where they are used.
drop table staff_session;
create table staff_session (
    token_hash blob primary key,
    id blob not null unique,
    person blob not null references person (id),
    created_at integer not null,
    expires_at integer not null,
    -- Coarse: written at most once a minute.
    last_seen_at integer not null,
    -- `ipv4`, `ipv6` or `unknown`: the trail has addresses, lists of sessions need none.
    network text not null,
    -- Which browser on which system, in a few words.
    client text not null
);
create index staff_session_by_person on staff_session (person);

-- Whoever has one signs in with a code of their authenticator app as well (RFC 6238).
create table second_factor (
    person blob primary key references person (id),
    secret blob not null,
    begun_at integer not null,
    -- Null until a first code has shown that the app has the secret; nobody is asked for codes before.
    confirmed_at integer,
    -- The codes of this step of time and of those before it count no more.
    last_step integer not null
);

-- For whoever has lost the app: each is good once.
create table recovery_code (
    person blob not null references person (id),
    code_hash blob not null,
    used_at integer,
    primary key (person, code_hash)
);
