-- +goose Up
-- Two bookings that have nothing to do with each other must not wait for one
-- row: each running transaction moves a mark in a lane of its own, and what is
-- compared is the sum over the lanes, which only grows.
ALTER TABLE marks ADD COLUMN lane BIGINT NOT NULL DEFAULT 0;
ALTER TABLE marks DROP CONSTRAINT marks_pkey;
ALTER TABLE marks ADD PRIMARY KEY (workshop_id, block, resource_id, lane);
-- A row is moved often and grows never: room beside it keeps the index out of it.
ALTER TABLE marks SET (fillfactor = 50);

-- +goose Down
-- A downgrade is refused: restore a backup instead.
SELECT 1;
