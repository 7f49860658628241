-- +goose Up

-- vehicles -------------------------------------------------------------------------

ALTER TABLE vehicles ADD COLUMN vin TEXT NOT NULL DEFAULT '';
-- The plate without what people leave out or put in, for comparing.
ALTER TABLE vehicles ADD COLUMN plate_key TEXT NOT NULL DEFAULT '';
UPDATE vehicles SET plate_key = UPPER(REPLACE(REPLACE(REPLACE(plate, '-', ''), ' ', ''), '.', ''));
CREATE INDEX vehicles_plate_key ON vehicles (plate_key);
CREATE INDEX vehicles_vin ON vehicles (vin) WHERE vin <> '';
CREATE INDEX jobs_vehicle ON jobs (vehicle_id, start_at) WHERE vehicle_id > 0;

-- What the odometer showed at each visit.
CREATE TABLE mileages (
    job_id     BIGINT PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
    vehicle_id BIGINT NOT NULL REFERENCES vehicles (id),
    kilometres INTEGER NOT NULL,
    at         BIGINT NOT NULL,
    source     TEXT NOT NULL,
    author     TEXT NOT NULL DEFAULT ''
);
CREATE INDEX mileages_vehicle ON mileages (vehicle_id, at);

-- estimates ------------------------------------------------------------------------

-- How far a final price may exceed an estimate here, in percent; NULL: as the
-- law of the country has it.
ALTER TABLE workshops ADD COLUMN estimate_margin INTEGER;
ALTER TABLE jobs ADD COLUMN final_price BIGINT NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN final_price_at BIGINT;

CREATE TABLE estimates (
    id               INTEGER PRIMARY KEY,
    job_id           BIGINT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    workshop_id      BIGINT NOT NULL,
    version          INTEGER NOT NULL,
    state            TEXT NOT NULL,
    currency         TEXT NOT NULL,
    price            BIGINT NOT NULL,
    ceiling          BIGINT NOT NULL,
    expires_at       BIGINT NOT NULL,
    created_by       TEXT NOT NULL DEFAULT '',
    created_at       BIGINT NOT NULL,
    decided_at       BIGINT,
    decided_by       TEXT NOT NULL DEFAULT '',
    decided_phone    TEXT NOT NULL DEFAULT '',
    approved         BIGINT NOT NULL DEFAULT 0,
    approved_ceiling BIGINT NOT NULL DEFAULT 0,
    superseded_by    BIGINT NOT NULL DEFAULT 0,
    linked_again     BOOLEAN NOT NULL DEFAULT FALSE,
    UNIQUE (job_id, version)
);
CREATE INDEX estimates_open ON estimates (expires_at) WHERE state = 'sent';

CREATE TABLE estimate_lines (
    id             INTEGER PRIMARY KEY,
    estimate_id    BIGINT NOT NULL REFERENCES estimates (id) ON DELETE CASCADE,
    position       INTEGER NOT NULL,
    title          TEXT NOT NULL,
    price          BIGINT NOT NULL,
    labour_minutes INTEGER NOT NULL DEFAULT 0,
    photo_ids      TEXT NOT NULL DEFAULT '[]',
    decision       TEXT NOT NULL DEFAULT '',
    UNIQUE (estimate_id, position)
);

CREATE TABLE photos (
    id           INTEGER PRIMARY KEY,
    job_id       BIGINT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    token        TEXT NOT NULL UNIQUE,
    content_type TEXT NOT NULL,
    width        INTEGER NOT NULL,
    height       INTEGER NOT NULL,
    size         INTEGER NOT NULL,
    bytes        BLOB NOT NULL,
    author       TEXT NOT NULL DEFAULT '',
    created_at   BIGINT NOT NULL
);
CREATE INDEX photos_job ON photos (job_id);

-- +goose Down
-- A downgrade is refused: restore a backup instead.
SELECT 1;
