-- +goose Up

-- What a customer sent with a message belongs to the visit: it stays when the raw
-- mail around it goes.
ALTER TABLE inbound_files ADD COLUMN content BYTEA;

-- The message of the customer that opened a case: where a person moves it to another
-- job, the case goes too.
ALTER TABLE cases ADD COLUMN message_id BIGINT NOT NULL DEFAULT 0;

-- How a member of staff is told of what a customer wrote while no page is open, and
-- when one of theirs was last open.
ALTER TABLE staff ADD COLUMN phone TEXT NOT NULL DEFAULT '';
ALTER TABLE staff ADD COLUMN tell_email BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE staff ADD COLUMN tell_sms BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE staff ADD COLUMN tell_minutes INTEGER NOT NULL DEFAULT 5;
ALTER TABLE staff ADD COLUMN seen_at BIGINT;

-- When those whom an attention waits for are told of it outside the board; NULL:
-- they have been, or have looked.
ALTER TABLE attentions ADD COLUMN tell_at BIGINT;
CREATE INDEX attentions_tell ON attentions (tell_at) WHERE tell_at IS NOT NULL;

-- +goose Down
-- A downgrade is refused: restore a backup instead.
SELECT 1;
