-- +goose Up
-- Asking: when and how often a workshop asks, the reminder of a question, the
-- week it counts in, and the presses of the survey's page that tell a machine.
ALTER TABLE workshops ADD COLUMN survey_from_minute INTEGER NOT NULL DEFAULT 540;
ALTER TABLE workshops ADD COLUMN survey_until_minute INTEGER NOT NULL DEFAULT 1200;
ALTER TABLE workshops ADD COLUMN survey_reminder_days INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workshops ADD COLUMN survey_throttle_days INTEGER NOT NULL DEFAULT 30;
ALTER TABLE workshops ADD COLUMN review_url TEXT NOT NULL DEFAULT '';

ALTER TABLE surveys ADD COLUMN remind_at BIGINT;
ALTER TABLE surveys ADD COLUMN reminded_at BIGINT;
ALTER TABLE surveys ADD COLUMN week TEXT NOT NULL DEFAULT '';
-- The ISO 8601 week (UTC) of what was asked before this column: that of its Thursday.
UPDATE surveys SET week = strftime('%Y', asked_at / 1000000, 'unixepoch', '-3 days', 'weekday 4') || '-W' ||
    printf('%02d', (strftime('%j', asked_at / 1000000, 'unixepoch', '-3 days', 'weekday 4') - 1) / 7 + 1)
    WHERE asked_at IS NOT NULL;
CREATE INDEX surveys_remind ON surveys (remind_at) WHERE remind_at IS NOT NULL;
CREATE INDEX surveys_asked_at ON surveys (asked_at) WHERE asked_at IS NOT NULL;
CREATE INDEX surveys_advisor ON surveys (advisor_id, asked_at);
CREATE INDEX surveys_suppressed ON surveys (created_at) WHERE state = 'suppressed';
CREATE INDEX jobs_contact_phone ON jobs (contact_phone) WHERE contact_phone <> '';
CREATE INDEX jobs_contact_email ON jobs (contact_email) WHERE contact_email <> '';

CREATE TABLE survey_presses (
    id        INTEGER PRIMARY KEY,
    survey_id BIGINT NOT NULL REFERENCES surveys (id) ON DELETE CASCADE,
    at        BIGINT NOT NULL,
    nonce     TEXT NOT NULL,
    score     INTEGER NOT NULL,
    taken     BOOLEAN NOT NULL,
    stood     TEXT NOT NULL DEFAULT '',
    answer_id BIGINT NOT NULL DEFAULT 0,
    act_at    BIGINT
);
CREATE INDEX survey_presses_survey ON survey_presses (survey_id, at);
CREATE INDEX survey_presses_at ON survey_presses (at);
CREATE INDEX survey_presses_act ON survey_presses (act_at) WHERE act_at IS NOT NULL;

-- +goose Down
-- A downgrade is refused: restore a backup instead.
SELECT 1;
