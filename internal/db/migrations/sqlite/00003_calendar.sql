-- +goose Up

-- Which public holidays a workshop closes on: see Workshop.Holidays.
ALTER TABLE workshops ADD COLUMN region TEXT NOT NULL DEFAULT '';
ALTER TABLE workshops ADD COLUMN holidays TEXT NOT NULL DEFAULT '';

-- A public holiday on which a workshop opens all the same; hours of its own
-- where to_minute is above zero, else the weekday's.
CREATE TABLE holiday_openings (
    workshop_id BIGINT NOT NULL REFERENCES workshops (id),
    date        TEXT NOT NULL,
    from_minute INTEGER NOT NULL DEFAULT 0,
    to_minute   INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (workshop_id, date)
) WITHOUT ROWID;

-- New times offered to a customer, once for each version of the job.
CREATE TABLE time_offers (
    job_id      BIGINT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    version     INTEGER NOT NULL,
    offered_at  BIGINT NOT NULL,
    PRIMARY KEY (job_id, version)
) WITHOUT ROWID;

-- A booking at risk that is kept as it is: what stood against it then.
CREATE TABLE kept_risks (
    job_id      BIGINT PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
    fingerprint TEXT NOT NULL,
    kept_at     BIGINT NOT NULL,
    kept_by     TEXT NOT NULL DEFAULT ''
);

CREATE INDEX absences_span ON absences (resource_id, from_at);

-- Which days are open is part of what is sold: see catalogue_marks.
-- +goose StatementBegin
CREATE TRIGGER holiday_openings_insert_marks AFTER INSERT ON holiday_openings BEGIN
    UPDATE catalogue_marks SET version = version + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER holiday_openings_update_marks AFTER UPDATE ON holiday_openings BEGIN
    UPDATE catalogue_marks SET version = version + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER holiday_openings_delete_marks AFTER DELETE ON holiday_openings BEGIN
    UPDATE catalogue_marks SET version = version + 1;
END;
-- +goose StatementEnd

-- +goose Down
-- A downgrade is refused: restore a backup instead.
SELECT 1;
