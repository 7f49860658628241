-- +goose Up

-- From where a word on consent came (a network address, a phone), and the sentence
-- that was agreed to or turned down.
ALTER TABLE consents ADD COLUMN origin TEXT NOT NULL DEFAULT '';
ALTER TABLE consents ADD COLUMN wording TEXT NOT NULL DEFAULT '';

-- +goose Down
-- A downgrade is refused: restore a backup instead.
SELECT 1;
