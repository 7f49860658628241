package inbox

import (
	"context"
	"log/slog"
	"time"

	"neuvo/internal/db"
	"neuvo/notify"
)

// PollerOptions for NewPoller.
type PollerOptions struct {
	URL     string
	Mailbox string
	Parse   ParseOptions
	DB      *db.DB
	Holder  string
	Log     *slog.Logger
	Now     func() time.Time
	After   string
}

// Poller fetches one mailbox.
type Poller struct{}

// NewPoller checks the options.
func NewPoller(n *notify.Notifier, opt PollerOptions) (*Poller, error) { return &Poller{}, nil }

// Poll fetches what is new.
func (p *Poller) Poll(ctx context.Context) (fresh int, err error) { return 0, nil }

// Watch calls Poll when something arrives.
func (p *Poller) Watch(ctx context.Context, wake func()) error { return nil }

// Check signs in and selects.
func (p *Poller) Check(ctx context.Context) error { return nil }

// Close ends the connection.
func (p *Poller) Close() error { return nil }
