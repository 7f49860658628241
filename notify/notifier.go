package notify

import (
	"log/slog"
	"time"

	"neuvo/internal/db"
)

// Notifier sends and receives for all conversations.
type Notifier struct {
	db       *db.DB
	opt      Options
	gateways map[Channel]Gateway
	wake     chan struct{}

	onReply   []ReplyHandler
	onFailure []FailureHandler
	version   func(subject string) (int, bool)
}

// Options for New.
type Options struct {
	Now func() time.Time
	Log *slog.Logger
	// Addresses makes and reads our signed per-conversation addresses.
	Addresses *Addresses
	// MailDomain is the right side of our Message-IDs.
	MailDomain string
	// Gateways, at most one per channel.
	Gateways []Gateway
	// Holder names this process in claims and leases.
	Holder string
	// Concurrency is how many messages are sent at once; 8 when 0.
	Concurrency int
}
