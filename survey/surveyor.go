package survey

import (
	"context"
	"log/slog"
	"time"

	"neuvo/booking"
	"neuvo/internal/db"
	"neuvo/notify"
)

// Options for New.
type Options struct {
	Now     func() time.Time // the clock; the database's when nil
	BaseURL string           // where the pages are, without a final slash
	Log     *slog.Logger
}

// Surveyor plans, asks and records surveys.
type Surveyor struct {
	db   *db.DB
	desk *booking.Desk
	n    *notify.Notifier
	opt  Options
}

// New makes a Surveyor. The program sets its OnStatus on the desk and its
// HandleReply, before the desk's, on the notifier.
func New(d *db.DB, desk *booking.Desk, n *notify.Notifier, opt Options) *Surveyor {
	return &Surveyor{db: d, desk: desk, n: n, opt: opt}
}

func (s *Surveyor) OnStatus(ctx context.Context, job *booking.Job, from, to booking.Status) error {
	return nil
}
func (s *Surveyor) AskDue(ctx context.Context) (int, error)                       { return 0, nil }
func (s *Surveyor) HandleReply(ctx context.Context, r notify.Reply) (bool, error) { return false, nil }
func (s *Surveyor) ByToken(ctx context.Context, token string) (*Survey, *booking.Job, error) {
	return nil, nil, nil
}
func (s *Surveyor) Answer(ctx context.Context, token string, score int, comment string) (*Survey, error) {
	return nil, nil
}
func (s *Surveyor) ForJob(ctx context.Context, jobID int64) (*Survey, error) { return nil, nil }
func (s *Surveyor) List(ctx context.Context, f Filter) ([]Survey, error)     { return nil, nil }
