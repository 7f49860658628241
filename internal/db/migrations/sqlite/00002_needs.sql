-- What a service takes besides the advisor: a bay while the customer waits, labour
-- from the day's pool where the car stays, a loaner, a place of its way of coming.
-- +goose Up

ALTER TABLE services ADD COLUMN work_minutes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE services ADD COLUMN labour_minutes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE services ADD COLUMN skill TEXT NOT NULL DEFAULT '';
ALTER TABLE services ADD COLUMN buffer_before_minutes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE services ADD COLUMN buffer_after_minutes INTEGER NOT NULL DEFAULT 0;

ALTER TABLE advisors ADD COLUMN max_per_day INTEGER NOT NULL DEFAULT 0;
ALTER TABLE advisors ADD COLUMN max_per_slot INTEGER NOT NULL DEFAULT 0;

ALTER TABLE jobs ADD COLUMN bay_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN loaner_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN overbooked BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE jobs ADD COLUMN overbook_reason TEXT NOT NULL DEFAULT '';

-- Labour of one skill by weekday, minutes, Sunday first: a JSON list of seven.
CREATE TABLE pools (
    id          INTEGER PRIMARY KEY,
    workshop_id BIGINT NOT NULL REFERENCES workshops (id),
    skill       TEXT NOT NULL,
    name        TEXT NOT NULL DEFAULT '',
    capacity    TEXT NOT NULL DEFAULT '[]',
    UNIQUE (workshop_id, skill)
);

-- Another capacity on one date.
CREATE TABLE pool_dates (
    pool_id  BIGINT NOT NULL REFERENCES pools (id) ON DELETE CASCADE,
    day      TEXT NOT NULL,
    capacity INTEGER NOT NULL,
    PRIMARY KEY (pool_id, day)
);

-- How many visits a day may come in one way; online_share of them are kept for
-- booking on the web.
CREATE TABLE transport_limits (
    id           INTEGER PRIMARY KEY,
    workshop_id  BIGINT NOT NULL REFERENCES workshops (id),
    transport    TEXT NOT NULL,
    per_day      INTEGER NOT NULL,
    online_share INTEGER NOT NULL DEFAULT 0,
    UNIQUE (workshop_id, transport)
);

-- What has been taken by amount: of a pool, a way of coming, an advisor's day or
-- slot. A booking adds to it only as far as the capacity goes, in one statement.
CREATE TABLE counters (
    kind          TEXT NOT NULL,
    owner_id      BIGINT NOT NULL,
    period        TEXT NOT NULL,
    workshop_id   BIGINT NOT NULL,
    block         BIGINT NOT NULL,
    used          BIGINT NOT NULL,
    desk          BIGINT NOT NULL,
    capacity      BIGINT NOT NULL,
    desk_capacity BIGINT NOT NULL,
    PRIMARY KEY (kind, owner_id, period)
);
CREATE INDEX counters_block ON counters (workshop_id, block);

-- Who took it, so that it can be given back.
CREATE TABLE takings (
    job_id      BIGINT NOT NULL DEFAULT 0,
    hold_id     BIGINT NOT NULL DEFAULT 0,
    kind        TEXT NOT NULL,
    owner_id    BIGINT NOT NULL,
    period      TEXT NOT NULL,
    workshop_id BIGINT NOT NULL,
    block       BIGINT NOT NULL,
    used        BIGINT NOT NULL,
    desk        BIGINT NOT NULL,
    PRIMARY KEY (job_id, hold_id, kind, owner_id, period)
);
CREATE INDEX takings_hold ON takings (hold_id) WHERE hold_id > 0;
CREATE INDEX takings_block ON takings (block);

-- Moves with every change of the claims of a resource (0: of the counters) in a
-- block of atoms, so that what is kept in memory can be checked with one row.
CREATE TABLE marks (
    workshop_id BIGINT NOT NULL,
    block       BIGINT NOT NULL,
    resource_id BIGINT NOT NULL,
    version     BIGINT NOT NULL,
    PRIMARY KEY (workshop_id, block, resource_id)
) WITHOUT ROWID;

-- Moves with every change of what is sold, by whom and when, whoever writes it.
CREATE TABLE catalogue_marks (
    id      INTEGER PRIMARY KEY,
    version BIGINT NOT NULL
);
INSERT INTO catalogue_marks (id, version) VALUES (1, 1);

-- +goose StatementBegin
CREATE TRIGGER workshops_insert_marks AFTER INSERT ON workshops BEGIN
    UPDATE catalogue_marks SET version = version + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER workshops_update_marks AFTER UPDATE ON workshops BEGIN
    UPDATE catalogue_marks SET version = version + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER workshops_delete_marks AFTER DELETE ON workshops BEGIN
    UPDATE catalogue_marks SET version = version + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER services_insert_marks AFTER INSERT ON services BEGIN
    UPDATE catalogue_marks SET version = version + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER services_update_marks AFTER UPDATE ON services BEGIN
    UPDATE catalogue_marks SET version = version + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER services_delete_marks AFTER DELETE ON services BEGIN
    UPDATE catalogue_marks SET version = version + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER advisors_insert_marks AFTER INSERT ON advisors BEGIN
    UPDATE catalogue_marks SET version = version + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER advisors_update_marks AFTER UPDATE ON advisors BEGIN
    UPDATE catalogue_marks SET version = version + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER advisors_delete_marks AFTER DELETE ON advisors BEGIN
    UPDATE catalogue_marks SET version = version + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER resources_insert_marks AFTER INSERT ON resources BEGIN
    UPDATE catalogue_marks SET version = version + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER resources_update_marks AFTER UPDATE ON resources BEGIN
    UPDATE catalogue_marks SET version = version + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER resources_delete_marks AFTER DELETE ON resources BEGIN
    UPDATE catalogue_marks SET version = version + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER hours_insert_marks AFTER INSERT ON hours BEGIN
    UPDATE catalogue_marks SET version = version + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER hours_update_marks AFTER UPDATE ON hours BEGIN
    UPDATE catalogue_marks SET version = version + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER hours_delete_marks AFTER DELETE ON hours BEGIN
    UPDATE catalogue_marks SET version = version + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER closures_insert_marks AFTER INSERT ON closures BEGIN
    UPDATE catalogue_marks SET version = version + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER closures_update_marks AFTER UPDATE ON closures BEGIN
    UPDATE catalogue_marks SET version = version + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER closures_delete_marks AFTER DELETE ON closures BEGIN
    UPDATE catalogue_marks SET version = version + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER absences_insert_marks AFTER INSERT ON absences BEGIN
    UPDATE catalogue_marks SET version = version + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER absences_update_marks AFTER UPDATE ON absences BEGIN
    UPDATE catalogue_marks SET version = version + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER absences_delete_marks AFTER DELETE ON absences BEGIN
    UPDATE catalogue_marks SET version = version + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER pools_insert_marks AFTER INSERT ON pools BEGIN
    UPDATE catalogue_marks SET version = version + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER pools_update_marks AFTER UPDATE ON pools BEGIN
    UPDATE catalogue_marks SET version = version + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER pools_delete_marks AFTER DELETE ON pools BEGIN
    UPDATE catalogue_marks SET version = version + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER pool_dates_insert_marks AFTER INSERT ON pool_dates BEGIN
    UPDATE catalogue_marks SET version = version + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER pool_dates_update_marks AFTER UPDATE ON pool_dates BEGIN
    UPDATE catalogue_marks SET version = version + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER pool_dates_delete_marks AFTER DELETE ON pool_dates BEGIN
    UPDATE catalogue_marks SET version = version + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER transport_limits_insert_marks AFTER INSERT ON transport_limits BEGIN
    UPDATE catalogue_marks SET version = version + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER transport_limits_update_marks AFTER UPDATE ON transport_limits BEGIN
    UPDATE catalogue_marks SET version = version + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER transport_limits_delete_marks AFTER DELETE ON transport_limits BEGIN
    UPDATE catalogue_marks SET version = version + 1;
END;
-- +goose StatementEnd

-- +goose Down
-- A downgrade is refused: restore a backup instead.
SELECT 1;
