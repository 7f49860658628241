-- +goose Up

-- What a customer sent with a message belongs to the visit: it stays when the raw
-- mail around it goes.
ALTER TABLE inbound_files ADD COLUMN content BYTEA;

-- +goose Down
-- A downgrade is refused: restore a backup instead.
SELECT 1;
