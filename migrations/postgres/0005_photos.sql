-- Photos: their bytes lie in the object store, here stands what is there and what may not be removed from it.

-- A photo that is whole. `hash` and `bytes` are of what the phone took and what records name; the object is what is
-- kept of it, without the metadata that nobody asked for. An object's name is never used twice, so that removing an
-- old object can't hit a new one.
create table photo (
    organisation uuid not null references organisation (id),
    hash bytea not null,
    bytes bigint not null,
    object text collate "C" not null unique,
    object_hash bytea not null,
    object_bytes bigint not null,
    media_type text not null,
    preview boolean not null,
    stored_at bigint not null,
    -- When the object turned out to be missing in the object store.
    lost_at bigint,
    primary key (organisation, hash)
);
create index photo_by_age on photo (stored_at);

-- Which photos published records name. Entries of records are never taken back, so neither are these rows; `daybook
-- rebuild` recreates them.
create table photo_reference (
    organisation uuid not null,
    hash bytea not null,
    record uuid not null,
    primary key (organisation, hash, record)
);

-- Uploads under way, and finished ones: they tell who brought a photo and for which record, also while the change that
-- names it is not published.
create table photo_upload (
    id uuid primary key,
    organisation uuid not null references organisation (id),
    person uuid not null references person (id),
    device uuid not null references device (id),
    record uuid not null,
    hash bytea not null,
    length bigint not null,
    -- So many bytes are on the disk for good.
    durable bigint not null,
    created_at bigint not null,
    expires_at bigint not null,
    completed_at bigint
);
create index photo_upload_by_content on photo_upload (organisation, hash);
create index photo_upload_open on photo_upload (device) where completed_at is null;
create index photo_upload_by_expiry on photo_upload (expires_at) where completed_at is null;

-- Verified backups that hold the photos too.
create table photo_backup (
    taken_at bigint primary key
);
