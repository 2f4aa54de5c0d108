-- Whether an organisation's photos keep what cameras write into them: the place, the time, the phone.
alter table organisation add column keep_exif boolean not null default false;
