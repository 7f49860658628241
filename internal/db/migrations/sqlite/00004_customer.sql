-- +goose Up

-- A workshop may ask that a phone be proven, and how late a customer may still
-- move or cancel.
ALTER TABLE workshops ADD COLUMN phone_proof BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE workshops ADD COLUMN change_notice_minutes INTEGER NOT NULL DEFAULT 120;

-- One-time codes: only a keyed hash of each is kept.
CREATE TABLE codes (
    id         INTEGER PRIMARY KEY,
    job_id     BIGINT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    purpose    TEXT NOT NULL,
    phone      TEXT NOT NULL,
    hash       TEXT NOT NULL,
    tries      INTEGER NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT
);
CREATE INDEX codes_job ON codes (job_id, purpose, id);
CREATE INDEX codes_phone ON codes (phone, created_at);
CREATE INDEX codes_created ON codes (created_at);

-- What stands in place of a message's body wherever people see it.
ALTER TABLE messages ADD COLUMN shown TEXT NOT NULL DEFAULT '';

CREATE TABLE message_attachments (
    message_id   BIGINT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    position     INTEGER NOT NULL,
    name         TEXT NOT NULL,
    content_type TEXT NOT NULL,
    content      BLOB NOT NULL,
    PRIMARY KEY (message_id, position)
);

ALTER TABLE jobs ADD COLUMN reconfirm_at BIGINT;
ALTER TABLE jobs ADD COLUMN recall_at BIGINT;
CREATE INDEX jobs_reconfirm ON jobs (reconfirm_at) WHERE reconfirm_at IS NOT NULL;
CREATE INDEX jobs_recall ON jobs (recall_at) WHERE recall_at IS NOT NULL;
CREATE INDEX jobs_unconfirmed ON jobs (created_at) WHERE status = 'unconfirmed';

CREATE TABLE waitlist (
    id            INTEGER PRIMARY KEY,
    workshop_id   BIGINT NOT NULL REFERENCES workshops (id),
    token         TEXT NOT NULL UNIQUE,
    state         TEXT NOT NULL,
    version       INTEGER NOT NULL DEFAULT 1,
    service_ids   TEXT NOT NULL,
    advisor_id    BIGINT NOT NULL DEFAULT 0,
    transport     TEXT NOT NULL DEFAULT '',
    earliest      BIGINT NOT NULL,
    latest        BIGINT NOT NULL,
    contact_name  TEXT NOT NULL,
    contact_phone TEXT NOT NULL,
    contact_email TEXT NOT NULL DEFAULT '',
    locale        TEXT NOT NULL,
    vehicle       TEXT,
    passed        TEXT NOT NULL DEFAULT '[]',
    unanswered    INTEGER NOT NULL DEFAULT 0,
    hold_key      TEXT NOT NULL DEFAULT '',
    offer_with    BIGINT NOT NULL DEFAULT 0,
    offer_start   BIGINT,
    offer_until   BIGINT,
    check_at      BIGINT,
    job_id        BIGINT NOT NULL DEFAULT 0,
    created_at    BIGINT NOT NULL,
    closed_at     BIGINT
);
CREATE INDEX waitlist_check ON waitlist (check_at) WHERE check_at IS NOT NULL;
CREATE INDEX waitlist_offers ON waitlist (offer_until) WHERE offer_until IS NOT NULL;
CREATE INDEX waitlist_open ON waitlist (workshop_id, id) WHERE closed_at IS NULL;
CREATE INDEX waitlist_phone ON waitlist (contact_phone) WHERE closed_at IS NULL;

-- The secret under which an advisor's calendar can be subscribed to.
CREATE TABLE calendar_feeds (
    advisor_id BIGINT PRIMARY KEY REFERENCES advisors (id),
    token      TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL
);

-- +goose Down
-- A downgrade is refused: restore a backup instead.
SELECT 1;
