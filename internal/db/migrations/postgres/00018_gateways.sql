-- +goose Up

-- What managers set of a gateway while the program runs: that it rests, and a
-- rate below the operator's (0: the operator's).
CREATE TABLE gateway_tunings (
    gateway    TEXT PRIMARY KEY,
    paused     BOOLEAN NOT NULL DEFAULT FALSE,
    per_second DOUBLE PRECISION NOT NULL DEFAULT 0,
    changed_at BIGINT NOT NULL,
    changed_by TEXT NOT NULL DEFAULT ''
);

-- +goose Down
-- A downgrade is refused: restore a backup instead.
SELECT 1;
