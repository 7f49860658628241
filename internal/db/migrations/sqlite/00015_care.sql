-- +goose Up
-- A promise has a clock: next_at is when the sweep must look at it again.
ALTER TABLE promises ADD COLUMN judged_at BIGINT;
ALTER TABLE promises ADD COLUMN spoke_at BIGINT;
ALTER TABLE promises ADD COLUMN next_at BIGINT;
ALTER TABLE promises ADD COLUMN warned_at BIGINT;
ALTER TABLE promises ADD COLUMN late_told_at BIGINT;
ALTER TABLE promises ADD COLUMN broken_at BIGINT;
ALTER TABLE promises ADD COLUMN renegotiated BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE promises ADD COLUMN handed_over BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE promises ADD COLUMN source TEXT NOT NULL DEFAULT '';
UPDATE promises SET judged_at = first_due_at;
UPDATE promises SET next_at = due_at WHERE closed_at IS NULL;
UPDATE promises SET spoke_at = closed_at WHERE outcome = 'reached';
CREATE INDEX promises_next ON promises (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX promises_owner ON promises (owner_id, due_at) WHERE closed_at IS NULL;
CREATE INDEX promises_judged ON promises (workshop_id, judged_at);
-- How many promised calls an advisor can keep in an hour.
ALTER TABLE workshops ADD COLUMN calls_per_hour INTEGER NOT NULL DEFAULT 4;

-- A case is a recovery: a bad answer or a broken promise that somebody of ours
-- owns until the customer says that it is sorted.
CREATE TABLE cases (
    id              INTEGER PRIMARY KEY,
    job_id          BIGINT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    workshop_id     BIGINT NOT NULL,
    owner_id        BIGINT NOT NULL,
    cause           TEXT NOT NULL,
    detail          TEXT NOT NULL DEFAULT '',
    state           TEXT NOT NULL,
    level           INTEGER NOT NULL DEFAULT 0,
    promise_id      BIGINT NOT NULL DEFAULT 0,
    opened_at       BIGINT NOT NULL,
    acknowledge_by  BIGINT,
    acknowledged_at BIGINT,
    acknowledged_by TEXT NOT NULL DEFAULT '',
    escalated_at    BIGINT,
    asked_at        BIGINT,
    reopened        INTEGER NOT NULL DEFAULT 0,
    sorted_at       BIGINT,
    closed_at       BIGINT,
    reask_at        BIGINT,
    reasked_at      BIGINT,
    reask_score     INTEGER,
    next_at         BIGINT
);
CREATE UNIQUE INDEX cases_open ON cases (job_id) WHERE closed_at IS NULL;
CREATE INDEX cases_job ON cases (job_id);
CREATE INDEX cases_next ON cases (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX cases_workshop ON cases (workshop_id, opened_at);

-- +goose Down
-- A downgrade is refused: restore a backup instead.
SELECT 1;
