-- A store of layout 3: what layout 1 has in its file, and a refusal that waits for its person and one that is settled; a photo that is half uploaded.
-- Never edit: stores like this one are on phones.
CREATE TABLE state (
    name TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE record (
    key INTEGER NOT NULL PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    owner BLOB NOT NULL,
    office BLOB NOT NULL,
    team BLOB,
    project BLOB,
    day TEXT NOT NULL,
    captured INTEGER NOT NULL,
    title TEXT NOT NULL,
    subtitle TEXT NOT NULL,
    stage TEXT,
    review TEXT NOT NULL,
    review_reason TEXT,
    conflicts INTEGER NOT NULL,
    completeness INTEGER,
    last_entry INTEGER,
    search TEXT NOT NULL
) STRICT;

CREATE INDEX record_by_captured ON record (captured, id);
CREATE INDEX record_by_kind ON record (kind, captured, id);
CREATE INDEX record_by_owner ON record (owner, captured, id);
CREATE INDEX record_by_day ON record (day, captured, id);
CREATE INDEX record_by_review ON record (review, captured, id);
CREATE INDEX record_by_stage ON record (stage, captured, id) WHERE stage IS NOT NULL;
CREATE INDEX record_in_conflict ON record (captured, id) WHERE conflicts > 0;
CREATE INDEX record_by_last_entry ON record (last_entry, captured, id) WHERE last_entry IS NOT NULL;

CREATE VIRTUAL TABLE record_text USING fts5 (
    terms,
    content = '',
    contentless_delete = 1,
    tokenize = "unicode61 remove_diacritics 0 categories 'L* M* N* P* S* C*'"
);

CREATE TABLE change (
    key INTEGER NOT NULL PRIMARY KEY,
    record BLOB NOT NULL,
    hash BLOB NOT NULL,
    bytes BLOB NOT NULL,
    parted INTEGER NOT NULL DEFAULT 0,
    UNIQUE (record, hash)
) STRICT;

CREATE INDEX change_parted ON change (key) WHERE parted = 1;

CREATE TABLE journal (
    n INTEGER NOT NULL PRIMARY KEY,
    record BLOB NOT NULL,
    change BLOB NOT NULL,
    wall INTEGER NOT NULL,
    mono_ms INTEGER NOT NULL,
    boot INTEGER NOT NULL,
    link BLOB NOT NULL
) STRICT;

CREATE INDEX journal_by_record ON journal (record);

CREATE TABLE leaving (
    record BLOB NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE verdict (
    n INTEGER NOT NULL PRIMARY KEY REFERENCES journal,
    record BLOB NOT NULL,
    verdict BLOB NOT NULL
) STRICT;

CREATE INDEX verdict_by_record ON verdict (record);

CREATE TABLE author (
    actor BLOB NOT NULL PRIMARY KEY,
    person BLOB NOT NULL,
    name TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE refusal (
    key INTEGER NOT NULL PRIMARY KEY,
    record BLOB NOT NULL,
    hash BLOB NOT NULL,
    body BLOB,
    UNIQUE (record, hash)
) STRICT;

CREATE TABLE photo (
    hash BLOB NOT NULL PRIMARY KEY,
    record BLOB NOT NULL,
    bytes INTEGER NOT NULL,
    added INTEGER NOT NULL,
    step INTEGER NOT NULL,
    line INTEGER NOT NULL,
    upload TEXT,
    sent INTEGER NOT NULL,
    not_before INTEGER,
    reason TEXT,
    checked INTEGER,
    checked_epoch INTEGER,
    backed_up INTEGER NOT NULL,
    here INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX photo_by_step ON photo (step, added);

INSERT INTO state (name, value) VALUES ('progress', x'a401010200030007f4');
INSERT INTO record (key, id, kind, owner, office, team, project, day, captured, title, subtitle, stage, review, review_reason, conflicts, completeness, last_entry, search) VALUES (1, x'00000000000000000000000000000001', 'survey', x'00000000000000000000000000000001', x'00000000000000000000000000000000', NULL, NULL, '2023-11-15', 1700000060000, '张伟 1', '', NULL, 'approved', NULL, 0, NULL, 2, '张 伟 1 13300000001 0001');
INSERT INTO record (key, id, kind, owner, office, team, project, day, captured, title, subtitle, stage, review, review_reason, conflicts, completeness, last_entry, search) VALUES (2, x'00000000000000000000000000000003', 'visit', x'00000000000000000000000000000001', x'00000000000000000000000000000000', NULL, NULL, '2023-11-15', 1700000180000, '张伟 3', '', 'registered', 'rejected', NULL, 0, NULL, NULL, '张 伟 3 13300000003 0003');
INSERT INTO change (key, record, hash, bytes, parted) VALUES (1, x'00000000000000000000000000000001', x'0101010101010101010101010101010101010101010101010101010101010101', x'01010101', 0);
INSERT INTO change (key, record, hash, bytes, parted) VALUES (2, x'00000000000000000000000000000001', x'0202020202020202020202020202020202020202020202020202020202020202', x'02020202', 0);
INSERT INTO change (key, record, hash, bytes, parted) VALUES (3, x'00000000000000000000000000000003', x'0303030303030303030303030303030303030303030303030303030303030303', x'03030303', 0);
INSERT INTO journal (n, record, change, wall, mono_ms, boot, link) VALUES (1, x'00000000000000000000000000000001', x'0101010101010101010101010101010101010101010101010101010101010101', 1700000060000, 1, 1, x'943695ab94aa9f9ac57ec0c4a77340d086890957d53579b320cddec0239ae377');
INSERT INTO journal (n, record, change, wall, mono_ms, boot, link) VALUES (2, x'00000000000000000000000000000001', x'0202020202020202020202020202020202020202020202020202020202020202', 1700000060000, 1, 1, x'3f4dc2c229b1787488b5bb57faf1394c49985ae524d822db395d0f206bf226c5');
INSERT INTO verdict (n, record, verdict) VALUES (1, x'00000000000000000000000000000001', x'8201816d7265766965772e636c6f736564');
INSERT INTO author (actor, person, name) VALUES (x'05050505050505050505050505050505', x'00000000000000000000000000000005', '李强');
INSERT INTO record_text (rowid, terms) SELECT key, search FROM record;
INSERT INTO refusal (record, hash, body) VALUES (x'00000000000000000000000000000001', x'0909090909090909090909090909090909090909090909090909090909090909', x'aa00500000000000000000000000000000000101582009090909090909090909090909090909090909090909090909090909090909090271616d656e646d656e742e72656675736564036ce9878de5a48de799bbe8aeb0041b0000018bcfe65260051b0000018bcfe6c79006f60768e5bca0e4bc9f203108f60980');
INSERT INTO refusal (record, hash, body) VALUES (x'00000000000000000000000000000001', x'0808080808080808080808080808080808080808080808080808080808080808', NULL);
INSERT INTO photo (hash, record, bytes, added, step, line, upload, sent, not_before, reason, checked, checked_epoch, backed_up, here) VALUES (x'0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a', x'00000000000000000000000000000001', 2500000, 1700000061000, 1, 2, '/sync/v1/photos/uploads/7', 1048576, NULL, NULL, NULL, NULL, 0, 1);
PRAGMA user_version = 3;
