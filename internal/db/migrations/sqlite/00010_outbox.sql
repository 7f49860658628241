-- +goose Up

-- Delivery reports as they came. message_id is 0 while the gateway's own answer,
-- which tells whose it is, is still under way.
CREATE TABLE message_reports (
    id          INTEGER PRIMARY KEY,
    gateway     TEXT NOT NULL,
    gateway_id  TEXT NOT NULL DEFAULT '',
    message_id  BIGINT NOT NULL DEFAULT 0,
    part        INTEGER NOT NULL DEFAULT 0,
    state       TEXT NOT NULL,
    code        TEXT NOT NULL DEFAULT '',
    text        TEXT NOT NULL DEFAULT '',
    opted_out   BOOLEAN NOT NULL DEFAULT FALSE,
    at          BIGINT,
    received_at BIGINT NOT NULL
);
CREATE INDEX message_reports_message ON message_reports (message_id) WHERE message_id > 0;
CREATE INDEX message_reports_early ON message_reports (gateway, gateway_id) WHERE message_id = 0;
CREATE INDEX message_reports_received ON message_reports (received_at);
CREATE INDEX messages_gateway_id ON messages (gateway_id, gateway) WHERE gateway_id <> '';

ALTER TABLE messages ADD COLUMN at_once BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE messages ADD COLUMN retry_of BIGINT NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN settled_at BIGINT;
ALTER TABLE messages ADD COLUMN settled_by TEXT NOT NULL DEFAULT '';

-- The sweep asks for one channel at a time: a backlog of texts does not hold up
-- e-mail.
DROP INDEX messages_due;
CREATE INDEX messages_due ON messages (channel, next_at, id) WHERE next_at IS NOT NULL;
-- What a phone has got lately.
CREATE INDEX messages_handed ON messages (to_address, handed_at) WHERE handed_at IS NOT NULL;
-- What did not arrive and nobody has dealt with.
CREATE INDEX messages_dead ON messages (id)
    WHERE settled_at IS NULL AND (state IN ('failed', 'expired') OR (state = 'unknown' AND next_at IS NULL));

-- What a customer said to each purpose, the last word holds.
CREATE TABLE consents (
    id      INTEGER PRIMARY KEY,
    address TEXT NOT NULL,
    purpose TEXT NOT NULL,
    given   BOOLEAN NOT NULL,
    how     TEXT NOT NULL,
    author  TEXT NOT NULL DEFAULT '',
    at      BIGINT NOT NULL
);
CREATE INDEX consents_address ON consents (address, purpose, id);

-- Phones whose owners told a gateway to carry nothing more.
CREATE TABLE gateway_opt_outs (
    phone   TEXT NOT NULL,
    gateway TEXT NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (phone, gateway)
);

-- From when to when on the wall clock no text goes out that nobody waits for.
ALTER TABLE workshops ADD COLUMN quiet_from_minute INTEGER NOT NULL DEFAULT 1260;
ALTER TABLE workshops ADD COLUMN quiet_until_minute INTEGER NOT NULL DEFAULT 480;

-- +goose Down
-- A downgrade is refused: restore a backup instead.
SELECT 1;
