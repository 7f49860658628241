-- +goose Up

-- A workshop that has closed for good keeps its jobs and is offered no more.
ALTER TABLE workshops ADD COLUMN closed_at BIGINT;

-- Who changed which setting, and from what to what. before is empty for what
-- was added, after for what was removed.
CREATE TABLE settings_log (
    id          INTEGER PRIMARY KEY,
    at          BIGINT NOT NULL,
    staff_id    BIGINT NOT NULL DEFAULT 0,
    workshop_id BIGINT NOT NULL,
    what        TEXT NOT NULL,
    what_id     BIGINT NOT NULL DEFAULT 0,
    name        TEXT NOT NULL DEFAULT '',
    before      TEXT NOT NULL DEFAULT '',
    after       TEXT NOT NULL DEFAULT ''
);
CREATE INDEX settings_log_workshop ON settings_log (workshop_id, id);

-- +goose Down
-- A downgrade is refused: restore a backup instead.
SELECT 1;
