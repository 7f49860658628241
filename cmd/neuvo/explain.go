package main

import (
	"context"
	"errors"
	"log/slog"
	"strconv"

	"neuvo/booking"
	"neuvo/internal/db"
	"neuvo/internal/fault"
	"neuvo/notify"
	"neuvo/notify/inbox"
)

// explainedMail is a line of `neuvo explain mail`: what the message says, and
// with a database where it would go.
type explainedMail struct {
	inbox.Explanation
	foreseen
}

// foreseen is the job that a message would be placed on, or why it would wait
// in triage.
type foreseen struct {
	JobID      string `json:"job_id,omitempty"`
	Reference  string `json:"reference,omitempty"`
	Rule       string `json:"rule,omitempty"`
	Evidence   string `json:"evidence,omitempty"`
	Confidence string `json:"confidence,omitempty"`
	Verified   *bool  `json:"verified,omitempty"`
	Triage     string `json:"triage,omitempty"`
	// Event: a machine wrote it and it names nothing of ours, for this reason; it is
	// kept, and nobody is asked.
	Event string `json:"event,omitempty"`
	// Candidates are the jobs that a person would choose from.
	Candidates []string `json:"candidates,omitempty"`
}

// knowledge is what a database knows of messages; its zero value is none.
type knowledge struct {
	db        *db.DB
	addresses *notify.Addresses
	notifier  *notify.Notifier
	desk      *booking.Desk
}

func (k *knowledge) close() error {
	if k.db == nil {
		return nil
	}
	return k.db.Close()
}

// openKnown opens a database and what tells from it where messages belong.
func openKnown(ctx context.Context, io streams, dsn, replyAddress string) (k *knowledge, err error) {
	k = &knowledge{}
	log := logging{LogLevel: slog.LevelError}.logger(io.err)
	if k.db, err = db.OpenExisting(ctx, db.Options{DSN: dsn, Log: log}); err != nil {
		return k, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, k.close())
		}
	}()
	if err := k.db.CheckSchema(ctx); err != nil {
		return k, err
	}
	key, err := k.db.Secret(ctx, "address")
	if err != nil {
		return k, err
	}
	if k.addresses, err = notify.NewAddresses(replyAddress, key); err != nil {
		return k, err
	}
	k.notifier = notify.New(k.db, notify.Options{Log: log, Addresses: k.addresses, MailDomain: domainOf(replyAddress)})
	k.desk = booking.New(k.db, k.notifier, booking.Options{Log: log})
	k.notifier.SetSubjects(k.desk)
	return k, nil
}

// foreseeMail says where an e-mail would go. One that cannot be read would wait in
// triage like any other that fits nowhere.
func (k *knowledge) foreseeMail(ctx context.Context, raw []byte, read inbox.ParseOptions) (foreseen, error) {
	p, err := inbox.Parse(raw, read)
	if err != nil {
		return foreseen{Triage: notify.ReasonUnreadable + ": " + err.Error()}, nil
	}
	out, _, err := k.foresee(ctx, p)
	return out, err
}

// foresee says where a message would go, and whether its sender would be asked.
func (k *knowledge) foresee(ctx context.Context, p notify.Parsed) (out foreseen, asks bool, err error) {
	subject, where, asks, err := k.notifier.ForeseeText(ctx, p)
	if err != nil {
		return foreseen{}, false, err
	}
	if subject != "" {
		out = foreseen{Rule: where.Rule, Evidence: where.Evidence, Confidence: where.Confidence, Verified: &where.Verified}
	} else if p.Kind != notify.Human {
		out.Event = where.Reason
	} else {
		out.Triage = where.Reason
	}
	if id, ok := booking.JobOf(subject); ok {
		out.JobID = strconv.FormatInt(id, 10)
		job, err := k.desk.Job(ctx, id)
		if err == nil {
			out.Reference = job.Reference
		} else if !fault.Is(err, fault.NotFound) {
			return foreseen{}, false, err
		}
		return out, asks, nil
	}
	for _, c := range where.Candidates {
		if id, ok := booking.JobOf(c.Subject); ok {
			out.Candidates = append(out.Candidates, strconv.FormatInt(id, 10))
		}
	}
	return out, asks, nil
}
