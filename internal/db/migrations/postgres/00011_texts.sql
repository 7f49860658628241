-- +goose Up

-- What a workshop says in its own words. Where there is no row, ours are said.
CREATE TABLE own_texts (
    workshop_id BIGINT NOT NULL REFERENCES workshops (id) ON DELETE CASCADE,
    occasion    TEXT NOT NULL,
    locale      TEXT NOT NULL,
    channel     TEXT NOT NULL,
    title       TEXT NOT NULL DEFAULT '',
    body        TEXT NOT NULL,
    changed_at  BIGINT NOT NULL,
    staff_id    BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (workshop_id, occasion, locale, channel)
);
-- Moves with every change of a workshop's own words, so that a program that
-- remembers them knows when to look again; 0: it never had any.
ALTER TABLE workshops ADD COLUMN texts_version BIGINT NOT NULL DEFAULT 0;

-- Short addresses of pages, for SMS.
CREATE TABLE short_links (
    code       TEXT PRIMARY KEY,
    target     TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX short_links_expires_at ON short_links (expires_at);

-- +goose Down
-- A downgrade is refused: restore a backup instead.
SELECT 1;
