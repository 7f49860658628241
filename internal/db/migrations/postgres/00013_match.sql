-- +goose Up

-- Whether the thing that a conversation is about is over, as the room that owns
-- it says.
ALTER TABLE conversations ADD COLUMN closed_at BIGINT;
UPDATE conversations SET closed_at = (SELECT j.closed_at FROM jobs j WHERE j.id = CAST(substr(conversations.subject, 5) AS BIGINT))
WHERE subject LIKE 'job:%';
UPDATE conversations SET closed_at = (SELECT w.closed_at FROM waitlist w WHERE w.id = CAST(substr(conversations.subject, 10) AS BIGINT))
WHERE subject LIKE 'waitlist:%';

-- What an outgoing message asks for, and until when an answer is expected.
ALTER TABLE messages ADD COLUMN asks TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN asks_until BIGINT;
CREATE INDEX messages_asks ON messages (to_address) WHERE asks_until IS NOT NULL;

-- A text that came over HTTP, and a longer one of which this is a part.
ALTER TABLE inbound ADD COLUMN number TEXT NOT NULL DEFAULT '';
ALTER TABLE inbound ADD COLUMN provider_id TEXT NOT NULL DEFAULT '';
ALTER TABLE inbound ADD COLUMN part_ref TEXT NOT NULL DEFAULT '';
ALTER TABLE inbound ADD COLUMN part_number INTEGER NOT NULL DEFAULT 0;
ALTER TABLE inbound ADD COLUMN part_total INTEGER NOT NULL DEFAULT 0;
CREATE INDEX inbound_provider ON inbound (provider_id, source) WHERE provider_id <> '';
CREATE INDEX inbound_parts ON inbound (from_address, part_ref) WHERE state = 'part';
CREATE INDEX inbound_parts_due ON inbound (received_at) WHERE state = 'part';
CREATE INDEX inbound_waiting ON inbound (from_address) WHERE state = 'triage';

-- Which of our numbers a phone knows a conversation by. Two open conversations
-- of one phone share a number only where there is no other, and then have codes.
CREATE TABLE number_pairs (
    phone           TEXT NOT NULL,
    number          TEXT NOT NULL,
    conversation_id BIGINT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    shared          BOOLEAN NOT NULL DEFAULT FALSE,
    created_at      BIGINT NOT NULL,
    used_at         BIGINT NOT NULL,
    released_at     BIGINT,
    PRIMARY KEY (phone, number, conversation_id)
);
CREATE UNIQUE INDEX number_pairs_alone ON number_pairs (phone, number) WHERE shared = FALSE AND released_at IS NULL;
CREATE INDEX number_pairs_conversation ON number_pairs (conversation_id);

-- A letter and a digit by which a phone names one of its conversations.
CREATE TABLE thread_codes (
    phone           TEXT NOT NULL,
    code            TEXT NOT NULL,
    conversation_id BIGINT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    given_at        BIGINT NOT NULL,
    shown_at        BIGINT NOT NULL,
    PRIMARY KEY (phone, code)
);
CREATE INDEX thread_codes_conversation ON thread_codes (conversation_id);

-- Addresses and numbers that somebody of ours has confirmed to be a customer's,
-- beside the one on file.
CREATE TABLE contact_points (
    customer_id  BIGINT NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    channel      TEXT NOT NULL,
    address      TEXT NOT NULL,
    confirmed_by TEXT NOT NULL,
    confirmed_at BIGINT NOT NULL,
    PRIMARY KEY (customer_id, channel, address)
);

-- What the customer wrote and nobody has answered goes to the team, then to the
-- manager. level: 0 its advisor, 1 the team, 2 the manager. escalate_at is when
-- the clock must be looked at next.
ALTER TABLE attentions ADD COLUMN level INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attentions ADD COLUMN escalate_at BIGINT;
UPDATE attentions SET escalate_at = created_at WHERE done_at IS NULL AND kind IN ('reply', 'unverified', 'read_answer');
CREATE INDEX attentions_escalate ON attentions (escalate_at) WHERE escalate_at IS NOT NULL;
ALTER TABLE workshops ADD COLUMN reply_minutes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workshops ADD COLUMN reply_manager_minutes INTEGER NOT NULL DEFAULT 0;

-- +goose Down
-- A downgrade is refused: restore a backup instead.
SELECT 1;
