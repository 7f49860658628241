-- +goose Up

-- What a customer sent with a message belongs to the visit: it stays when the raw
-- mail around it goes.
ALTER TABLE inbound_files ADD COLUMN content BLOB;

-- The message of the customer that opened a case: where a person moves it to another
-- job, the case goes too.
ALTER TABLE cases ADD COLUMN message_id BIGINT NOT NULL DEFAULT 0;

-- +goose Down
-- A downgrade is refused: restore a backup instead.
SELECT 1;
