-- +goose Up
-- A hold that has ended is kept for a while, so that whoever comes back with it
-- hears what became of it.
ALTER TABLE holds ADD COLUMN ended_at BIGINT;
CREATE INDEX holds_ended ON holds (ended_at) WHERE ended_at IS NOT NULL;
DROP INDEX holds_expires;
CREATE INDEX holds_expires ON holds (expires_at) WHERE ended_at IS NULL;

-- What somebody on the waiting list wrote that a person has to read; reply_at is
-- NULL once it has been read.
ALTER TABLE waitlist ADD COLUMN reply TEXT NOT NULL DEFAULT '';
ALTER TABLE waitlist ADD COLUMN reply_at BIGINT;
CREATE INDEX waitlist_unread ON waitlist (workshop_id) WHERE reply_at IS NOT NULL;

-- +goose Down
-- A downgrade is refused: restore a backup instead.
SELECT 1;
