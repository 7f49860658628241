-- +goose Up

CREATE TABLE settings (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE leases (
    name   TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    until  BIGINT NOT NULL
);

-- auth ------------------------------------------------------------------------

CREATE TABLE staff (
    id            INTEGER PRIMARY KEY,
    email         TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    role          TEXT NOT NULL,
    locale        TEXT NOT NULL DEFAULT '',
    workshop_id   BIGINT NOT NULL DEFAULT 0,
    advisor_id    BIGINT NOT NULL DEFAULT 0,
    password_hash TEXT NOT NULL DEFAULT '',
    active        BOOLEAN NOT NULL DEFAULT TRUE,
    created_at    BIGINT NOT NULL
);

CREATE TABLE api_tokens (
    id           INTEGER PRIMARY KEY,
    staff_id     BIGINT NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    hash         TEXT NOT NULL UNIQUE,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX api_tokens_staff ON api_tokens (staff_id);

CREATE TABLE sessions (
    token  TEXT PRIMARY KEY,
    data   BLOB NOT NULL,
    expiry BIGINT NOT NULL
);
CREATE INDEX sessions_expiry ON sessions (expiry);

-- web ---------------------------------------------------------------------------

CREATE TABLE idempotency_keys (
    key          TEXT PRIMARY KEY,
    request_hash TEXT NOT NULL,
    status       INTEGER NOT NULL DEFAULT 0,
    content_type TEXT NOT NULL DEFAULT '',
    location     TEXT NOT NULL DEFAULT '',
    body         BLOB,
    created_at   BIGINT NOT NULL
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);

-- booking -------------------------------------------------------------------------

CREATE TABLE workshops (
    id                 INTEGER PRIMARY KEY,
    key                TEXT NOT NULL UNIQUE,
    name               TEXT NOT NULL,
    time_zone          TEXT NOT NULL,
    locale             TEXT NOT NULL,
    country            TEXT NOT NULL,
    currency           TEXT NOT NULL,
    phone              TEXT NOT NULL DEFAULT '',
    email              TEXT NOT NULL DEFAULT '',
    address            TEXT NOT NULL DEFAULT '',
    slot_minutes       INTEGER NOT NULL DEFAULT 15,
    min_notice_minutes INTEGER NOT NULL DEFAULT 60,
    horizon_days       INTEGER NOT NULL DEFAULT 550,
    reminder_minute    INTEGER NOT NULL DEFAULT 600,
    survey_minute      INTEGER NOT NULL DEFAULT 1080,
    survey_scale       TEXT NOT NULL DEFAULT '1-5',
    created_at         BIGINT NOT NULL
);

CREATE TABLE services (
    id                INTEGER PRIMARY KEY,
    workshop_id       BIGINT NOT NULL REFERENCES workshops (id),
    key               TEXT NOT NULL,
    name              TEXT NOT NULL,
    description       TEXT NOT NULL DEFAULT '',
    translations      TEXT NOT NULL DEFAULT '{}',
    duration_minutes  INTEGER NOT NULL,
    reception_minutes INTEGER NOT NULL,
    price_from        BIGINT NOT NULL DEFAULT 0,
    bring             TEXT NOT NULL DEFAULT '[]',
    transports        TEXT NOT NULL DEFAULT '[]',
    recall_months     INTEGER NOT NULL DEFAULT 0,
    position          INTEGER NOT NULL DEFAULT 0,
    active            BOOLEAN NOT NULL DEFAULT TRUE,
    UNIQUE (workshop_id, key)
);

CREATE TABLE resources (
    id          INTEGER PRIMARY KEY,
    workshop_id BIGINT NOT NULL REFERENCES workshops (id),
    key         TEXT NOT NULL,
    kind        TEXT NOT NULL,
    name        TEXT NOT NULL,
    active      BOOLEAN NOT NULL DEFAULT TRUE,
    UNIQUE (workshop_id, kind, key)
);

CREATE TABLE advisors (
    id          INTEGER PRIMARY KEY REFERENCES resources (id),
    workshop_id BIGINT NOT NULL REFERENCES workshops (id),
    name        TEXT NOT NULL,
    title       TEXT NOT NULL DEFAULT '',
    languages   TEXT NOT NULL DEFAULT '[]',
    photo_url   TEXT NOT NULL DEFAULT '',
    phone       TEXT NOT NULL DEFAULT '',
    email       TEXT NOT NULL DEFAULT '',
    stand_in_id BIGINT NOT NULL DEFAULT 0,
    position    INTEGER NOT NULL DEFAULT 0,
    active      BOOLEAN NOT NULL DEFAULT TRUE
);
CREATE INDEX advisors_workshop ON advisors (workshop_id);

CREATE TABLE hours (
    id          INTEGER PRIMARY KEY,
    workshop_id BIGINT NOT NULL REFERENCES workshops (id),
    resource_id BIGINT NOT NULL DEFAULT 0,
    weekday     INTEGER NOT NULL,
    from_minute INTEGER NOT NULL,
    to_minute   INTEGER NOT NULL
);
CREATE INDEX hours_workshop ON hours (workshop_id, resource_id);

CREATE TABLE closures (
    id          INTEGER PRIMARY KEY,
    workshop_id BIGINT NOT NULL REFERENCES workshops (id),
    from_date   TEXT NOT NULL,
    to_date     TEXT NOT NULL,
    reason      TEXT NOT NULL DEFAULT '',
    UNIQUE (workshop_id, from_date, to_date)
);

CREATE TABLE absences (
    id          INTEGER PRIMARY KEY,
    resource_id BIGINT NOT NULL REFERENCES resources (id),
    from_at     BIGINT NOT NULL,
    to_at       BIGINT NOT NULL,
    reason      TEXT NOT NULL DEFAULT ''
);
CREATE INDEX absences_resource ON absences (resource_id, to_at);

CREATE TABLE customers (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL,
    phone      TEXT NOT NULL DEFAULT '',
    email      TEXT NOT NULL DEFAULT '',
    locale     TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX customers_phone ON customers (phone);
-- One customer for a phone: two first bookings at once must not make two.
CREATE UNIQUE INDEX customers_phone_once ON customers (phone) WHERE phone <> '';
CREATE INDEX customers_email ON customers (email);

CREATE TABLE vehicles (
    id          INTEGER PRIMARY KEY,
    customer_id BIGINT NOT NULL REFERENCES customers (id),
    plate       TEXT NOT NULL,
    make        TEXT NOT NULL DEFAULT '',
    model       TEXT NOT NULL DEFAULT '',
    mileage     INTEGER NOT NULL DEFAULT 0,
    created_at  BIGINT NOT NULL
);
CREATE INDEX vehicles_customer ON vehicles (customer_id);
CREATE INDEX vehicles_plate ON vehicles (plate);

CREATE TABLE jobs (
    id                INTEGER PRIMARY KEY,
    workshop_id       BIGINT NOT NULL REFERENCES workshops (id),
    reference         TEXT NOT NULL UNIQUE,
    token             TEXT NOT NULL UNIQUE,
    token_expires_at  BIGINT NOT NULL,
    status            TEXT NOT NULL,
    version           INTEGER NOT NULL DEFAULT 1,
    customer_id       BIGINT NOT NULL REFERENCES customers (id),
    vehicle_id        BIGINT NOT NULL DEFAULT 0,
    contact_name      TEXT NOT NULL,
    contact_phone     TEXT NOT NULL DEFAULT '',
    contact_email     TEXT NOT NULL DEFAULT '',
    locale            TEXT NOT NULL,
    booked_with       BIGINT NOT NULL REFERENCES advisors (id),
    received_by       BIGINT NOT NULL DEFAULT 0,
    start_at          BIGINT NOT NULL,
    end_at            BIGINT NOT NULL,
    wall_start        TEXT NOT NULL,
    zone              TEXT NOT NULL,
    transport         TEXT NOT NULL DEFAULT '',
    note              TEXT NOT NULL DEFAULT '',
    ready_by          BIGINT,
    consent_survey    BOOLEAN NOT NULL DEFAULT FALSE,
    consent_reminders BOOLEAN NOT NULL DEFAULT FALSE,
    consent_marketing BOOLEAN NOT NULL DEFAULT FALSE,
    source            TEXT NOT NULL DEFAULT 'web',
    request_key       TEXT NOT NULL DEFAULT '',
    remind_at         BIGINT,
    created_at        BIGINT NOT NULL,
    updated_at        BIGINT NOT NULL,
    received_at       BIGINT,
    ready_at          BIGINT,
    closed_at         BIGINT
);
CREATE INDEX jobs_day ON jobs (workshop_id, start_at);
CREATE INDEX jobs_open ON jobs (workshop_id, start_at) WHERE closed_at IS NULL;
CREATE INDEX jobs_customer ON jobs (customer_id);
CREATE UNIQUE INDEX jobs_request ON jobs (request_key) WHERE request_key <> '';
CREATE INDEX jobs_remind ON jobs (remind_at) WHERE remind_at IS NOT NULL;

CREATE TABLE job_services (
    job_id     BIGINT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    position   INTEGER NOT NULL,
    service_id BIGINT NOT NULL REFERENCES services (id),
    name       TEXT NOT NULL,
    price_from BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (job_id, position)
);

CREATE TABLE holds (
    id          INTEGER PRIMARY KEY,
    key         TEXT NOT NULL UNIQUE,
    workshop_id BIGINT NOT NULL REFERENCES workshops (id),
    advisor_id  BIGINT NOT NULL,
    start_at    BIGINT NOT NULL,
    end_at      BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL
);
CREATE INDEX holds_expires ON holds (expires_at);

-- One 5-minute atom (Unix time / 300) of one resource, taken once. The primary
-- key is what makes a double booking impossible, whoever writes.
CREATE TABLE claims (
    resource_id BIGINT NOT NULL,
    atom        BIGINT NOT NULL,
    job_id      BIGINT NOT NULL DEFAULT 0,
    hold_id     BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (resource_id, atom)
) WITHOUT ROWID;
CREATE INDEX claims_job ON claims (job_id) WHERE job_id > 0;
CREATE INDEX claims_hold ON claims (hold_id) WHERE hold_id > 0;
CREATE INDEX claims_atom ON claims (atom);

CREATE TABLE job_events (
    id         INTEGER PRIMARY KEY,
    job_id     BIGINT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    at         BIGINT NOT NULL,
    kind       TEXT NOT NULL,
    channel    TEXT NOT NULL DEFAULT '',
    author     TEXT NOT NULL DEFAULT '',
    staff_id   BIGINT NOT NULL DEFAULT 0,
    body       TEXT NOT NULL DEFAULT '',
    state      TEXT NOT NULL DEFAULT ''
);
CREATE INDEX job_events_job ON job_events (job_id, at);

CREATE TABLE attentions (
    id         INTEGER PRIMARY KEY,
    job_id     BIGINT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    workshop_id BIGINT NOT NULL,
    advisor_id BIGINT NOT NULL,
    kind       TEXT NOT NULL,
    body       TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    done_at    BIGINT,
    done_by    TEXT NOT NULL DEFAULT ''
);
CREATE INDEX attentions_open ON attentions (workshop_id, created_at) WHERE done_at IS NULL;
CREATE INDEX attentions_job ON attentions (job_id);

CREATE TABLE promises (
    id           INTEGER PRIMARY KEY,
    job_id       BIGINT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    workshop_id  BIGINT NOT NULL,
    kind         TEXT NOT NULL,
    owner_id     BIGINT NOT NULL,
    first_due_at BIGINT NOT NULL,
    due_at       BIGINT NOT NULL,
    phone        TEXT NOT NULL DEFAULT '',
    note         TEXT NOT NULL DEFAULT '',
    state        TEXT NOT NULL,
    outcome      TEXT NOT NULL DEFAULT '',
    attempts     INTEGER NOT NULL DEFAULT 0,
    created_at   BIGINT NOT NULL,
    closed_at    BIGINT
);
CREATE INDEX promises_open ON promises (workshop_id, due_at) WHERE closed_at IS NULL;
CREATE INDEX promises_job ON promises (job_id);

-- notify --------------------------------------------------------------------------

CREATE TABLE conversations (
    id         INTEGER PRIMARY KEY,
    subject    TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL
);

CREATE TABLE participants (
    conversation_id BIGINT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    channel         TEXT NOT NULL,
    address         TEXT NOT NULL,
    PRIMARY KEY (conversation_id, channel, address)
);
CREATE INDEX participants_address ON participants (address);

CREATE TABLE messages (
    id              INTEGER PRIMARY KEY,
    conversation_id BIGINT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    direction       TEXT NOT NULL,
    channel         TEXT NOT NULL,
    kind            TEXT NOT NULL DEFAULT '',
    occasion        TEXT NOT NULL DEFAULT '',
    purpose         TEXT NOT NULL DEFAULT '',
    author          TEXT NOT NULL DEFAULT '',
    from_address    TEXT NOT NULL DEFAULT '',
    to_address      TEXT NOT NULL DEFAULT '',
    subject         TEXT NOT NULL DEFAULT '',
    body            TEXT NOT NULL,
    locale          TEXT NOT NULL DEFAULT '',
    state           TEXT NOT NULL,
    subject_version INTEGER NOT NULL DEFAULT 0,
    gateway         TEXT NOT NULL DEFAULT '',
    gateway_id      TEXT NOT NULL DEFAULT '',
    message_id      TEXT NOT NULL DEFAULT '',
    in_reply_to     TEXT NOT NULL DEFAULT '',
    segments        INTEGER NOT NULL DEFAULT 0,
    attempts        INTEGER NOT NULL DEFAULT 0,
    next_at         BIGINT,
    claimed_until   BIGINT,
    claimed_by      TEXT NOT NULL DEFAULT '',
    handed_at       BIGINT,
    by_human        BOOLEAN NOT NULL DEFAULT FALSE,
    expires_at      BIGINT,
    error           TEXT NOT NULL DEFAULT '',
    inbound_id      BIGINT NOT NULL DEFAULT 0,
    verified        BOOLEAN NOT NULL DEFAULT FALSE,
    match_rule      TEXT NOT NULL DEFAULT '',
    match_evidence  TEXT NOT NULL DEFAULT '',
    match_confidence TEXT NOT NULL DEFAULT '',
    created_at      BIGINT NOT NULL,
    sent_at         BIGINT
);
CREATE INDEX messages_conversation ON messages (conversation_id, created_at);
CREATE INDEX messages_due ON messages (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX messages_recipient ON messages (to_address, id) WHERE next_at IS NOT NULL;
CREATE INDEX messages_message_id ON messages (message_id) WHERE message_id <> '';
CREATE INDEX messages_inbound ON messages (inbound_id) WHERE inbound_id > 0;

CREATE TABLE message_states (
    id         INTEGER PRIMARY KEY,
    message_id BIGINT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    state      TEXT NOT NULL,
    at         BIGINT NOT NULL,
    detail     TEXT NOT NULL DEFAULT ''
);
CREATE INDEX message_states_message ON message_states (message_id, id);

CREATE TABLE mailboxes (
    name         TEXT PRIMARY KEY,
    uid_validity BIGINT NOT NULL DEFAULT 0,
    last_uid     BIGINT NOT NULL DEFAULT 0,
    polled_at    BIGINT,
    error        TEXT NOT NULL DEFAULT ''
);

CREATE TABLE inbound (
    id           INTEGER PRIMARY KEY,
    source       TEXT NOT NULL,
    uid_validity BIGINT NOT NULL DEFAULT 0,
    uid          BIGINT NOT NULL DEFAULT 0,
    sha256       TEXT NOT NULL,
    raw          BLOB NOT NULL,
    received_at  BIGINT NOT NULL,
    state        TEXT NOT NULL,
    reason       TEXT NOT NULL DEFAULT '',
    attempts     INTEGER NOT NULL DEFAULT 0,
    error        TEXT NOT NULL DEFAULT '',
    kind         TEXT NOT NULL DEFAULT '',
    channel      TEXT NOT NULL DEFAULT '',
    message_id   TEXT NOT NULL DEFAULT '',
    from_address TEXT NOT NULL DEFAULT '',
    subject      TEXT NOT NULL DEFAULT '',
    body         TEXT NOT NULL DEFAULT '',
    candidates   TEXT NOT NULL DEFAULT '[]',
    UNIQUE (source, uid_validity, uid)
);
CREATE INDEX inbound_pending ON inbound (id) WHERE state = 'stored';
CREATE INDEX inbound_triage ON inbound (received_at) WHERE state = 'triage';
CREATE INDEX inbound_message_id ON inbound (message_id, sha256) WHERE message_id <> '';
CREATE INDEX inbound_received ON inbound (received_at);
CREATE INDEX inbound_sha256 ON inbound (sha256);

-- survey ----------------------------------------------------------------------------

CREATE TABLE surveys (
    id          INTEGER PRIMARY KEY,
    job_id      BIGINT NOT NULL UNIQUE REFERENCES jobs (id) ON DELETE CASCADE,
    workshop_id BIGINT NOT NULL,
    advisor_id  BIGINT NOT NULL,
    advisor     TEXT NOT NULL,
    token       TEXT NOT NULL UNIQUE,
    scale       TEXT NOT NULL,
    state       TEXT NOT NULL,
    reason      TEXT NOT NULL DEFAULT '',
    due_at      BIGINT,
    asked_at    BIGINT,
    expires_at  BIGINT,
    asked_again BOOLEAN NOT NULL DEFAULT FALSE,
    answered_at BIGINT,
    channel     TEXT NOT NULL DEFAULT '',
    score       INTEGER,
    met         TEXT NOT NULL DEFAULT '',
    comment     TEXT NOT NULL DEFAULT '',
    rule        TEXT NOT NULL DEFAULT '',
    late        BOOLEAN NOT NULL DEFAULT FALSE,
    created_at  BIGINT NOT NULL
);
CREATE INDEX surveys_due ON surveys (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX surveys_asked ON surveys (workshop_id, asked_at);

CREATE TABLE survey_answers (
    id         INTEGER PRIMARY KEY,
    survey_id  BIGINT NOT NULL REFERENCES surveys (id) ON DELETE CASCADE,
    message_id BIGINT NOT NULL DEFAULT 0,
    at         BIGINT NOT NULL,
    channel    TEXT NOT NULL,
    raw        TEXT NOT NULL,
    outcome    TEXT NOT NULL,
    rule       TEXT NOT NULL
);
CREATE INDEX survey_answers_survey ON survey_answers (survey_id);
CREATE UNIQUE INDEX survey_answers_message ON survey_answers (message_id) WHERE message_id > 0;

-- +goose Down
-- A downgrade is refused: restore a backup instead.
SELECT 1;
