-- +goose Up

-- Up to which UID a mailbox's messages were flagged or moved as configured; what
-- a lost connection left undone is made good at the next poll.
ALTER TABLE mailboxes ADD COLUMN done_uid BIGINT NOT NULL DEFAULT 0;
UPDATE mailboxes SET done_uid = last_uid;

-- The files of inbound messages. Their bytes stay in the raw message.
CREATE TABLE inbound_files (
    inbound_id   BIGINT NOT NULL REFERENCES inbound (id) ON DELETE CASCADE,
    position     INTEGER NOT NULL,
    name         TEXT NOT NULL DEFAULT '',
    content_type TEXT NOT NULL DEFAULT '',
    size         BIGINT NOT NULL DEFAULT 0,
    refused      TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (inbound_id, position)
);

-- What was counted in a mailbox beside what is stored of it, the latest count of
-- each.
CREATE TABLE source_counts (
    source     TEXT PRIMARY KEY,
    counted_at BIGINT NOT NULL,
    held       BIGINT NOT NULL DEFAULT 0,
    stored     BIGINT NOT NULL DEFAULT 0,
    missing    BIGINT NOT NULL DEFAULT 0,
    says       TEXT NOT NULL DEFAULT ''
);

-- +goose Down
-- A downgrade is refused: restore a backup instead.
SELECT 1;
