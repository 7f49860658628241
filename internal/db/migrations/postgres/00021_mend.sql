-- +goose Up

-- version outdates texts; revision is what a decision about a job was taken on.
ALTER TABLE jobs ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;

-- +goose Down
-- A downgrade is refused: restore a backup instead.
SELECT 1;
