-- +goose Up
-- As on PostgreSQL; with one writer there is one lane, 0.
ALTER TABLE marks RENAME TO marks_before;
CREATE TABLE marks (
    workshop_id BIGINT NOT NULL,
    block       BIGINT NOT NULL,
    resource_id BIGINT NOT NULL,
    lane        BIGINT NOT NULL DEFAULT 0,
    version     BIGINT NOT NULL,
    PRIMARY KEY (workshop_id, block, resource_id, lane)
) WITHOUT ROWID;
INSERT INTO marks (workshop_id, block, resource_id, lane, version)
    SELECT workshop_id, block, resource_id, 0, version FROM marks_before;
DROP TABLE marks_before;

-- +goose Down
-- A downgrade is refused: restore a backup instead.
SELECT 1;
