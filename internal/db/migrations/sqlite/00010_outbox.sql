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

-- +goose Down
-- A downgrade is refused: restore a backup instead.
SELECT 1;
