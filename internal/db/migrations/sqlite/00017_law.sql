-- +goose Up

-- From where a word on consent came (a network address, a phone), and the sentence
-- that was agreed to or turned down.
ALTER TABLE consents ADD COLUMN origin TEXT NOT NULL DEFAULT '';
ALTER TABLE consents ADD COLUMN wording TEXT NOT NULL DEFAULT '';

-- A text that answers what the customer wrote just now: quiet hours do not hold it.
ALTER TABLE messages ADD COLUMN prompt BOOLEAN NOT NULL DEFAULT FALSE;

-- +goose Down
-- A downgrade is refused: restore a backup instead.
SELECT 1;
