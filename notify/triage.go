package notify

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"neuvo/internal/db"
	"neuvo/internal/fault"
)

// keepRaw is how long the raw bytes of a message that was dealt with are kept:
// long enough to look into a complaint.
const keepRaw = 180 * 24 * time.Hour

// Inbox lists stored inbound messages, newest first and without their raw
// bytes: those in a state ("triage"), or "all". limit is 1 to 200, 50 where 0.
// The second value is the cursor of the next page, "" on the last.
func (n *Notifier) Inbox(ctx context.Context, state string, limit int, cursor string) ([]Inbound, string, error) {
	if limit <= 0 {
		limit = 50
	}
	limit = min(limit, 200)
	var before int64
	if cursor != "" {
		var err error
		if before, err = strconv.ParseInt(cursor, 10, 64); err != nil || before <= 0 {
			return nil, "", fault.BadField("query.cursor", "fault.cursor", cursor)
		}
	}
	rows, err := n.listInbound(ctx, state, before, limit+1)
	if err != nil {
		return nil, "", fmt.Errorf("list the inbox: %w", err)
	}
	if len(rows) <= limit {
		return rows, "", nil
	}
	rows = rows[:limit]
	return rows, strconv.FormatInt(rows[limit-1].ID, 10), nil
}

// InboundByID gives one inbound message with its raw bytes, or NotFound.
func (n *Notifier) InboundByID(ctx context.Context, id int64) (*Inbound, error) {
	in, err := n.inboundByID(ctx, id)
	switch {
	case db.IsNotFound(err):
		return nil, fault.New(fault.NotFound, "fault.not_found")
	case err != nil:
		return nil, fmt.Errorf("read inbound message %d: %w", id, err)
	}
	return in, nil
}

// Assign places by hand what waits in triage, or what was dismissed, on a
// subject's conversation; by names who did it. The reply handlers run as for any
// placed reply. Conflict where it has been dealt with otherwise; NotFound where
// there is no such message or conversation.
func (n *Notifier) Assign(ctx context.Context, inboundID int64, subject, by string) (*Message, error) {
	var m *Message
	err := n.db.Tx(ctx, func(ctx context.Context) error {
		in, err := n.waiting(ctx, inboundID, InTriage, InDismissed)
		if err != nil {
			return err
		}
		c, err := n.conversationBySubject(ctx, subject)
		if err != nil {
			return err
		}
		if c == nil {
			return fault.New(fault.NotFound, "fault.not_found")
		}
		if in.Kind == "" {
			in.Kind = Human
		}
		if in.Channel == "" {
			in.Channel = Email
		}
		partakes, err := n.senderTakesPart(ctx, c.ID, in.Channel, in.FromAddress)
		if err != nil {
			return err
		}
		named := subjectsOf(in.Candidates)
		made, err := n.attach(ctx, attached{in: in, subject: subject, where: Placement{
			ConversationID: c.ID, Rule: RuleHand, Evidence: by, Confidence: Certain,
			Verified: partakes,
		}})
		if err != nil {
			return err
		}
		m = made[0]
		return n.doubtOver(ctx, in, named)
	})
	if err != nil {
		return nil, fmt.Errorf("assign inbound message %d to %s: %w", inboundID, subject, err)
	}
	return m, nil
}

// Dismiss takes a message out of triage for good and keeps who did it.
// Dismissing it twice is the same as once; Conflict where it has been placed.
func (n *Notifier) Dismiss(ctx context.Context, inboundID int64, by string) error {
	err := n.db.Tx(ctx, func(ctx context.Context) error {
		in, err := n.waiting(ctx, inboundID, InTriage, InDismissed)
		if err != nil || in.State == InDismissed {
			return err
		}
		in.State, in.Reason = InDismissed, "dismissed by "+by+"; "+in.Reason
		if err := n.saveInbound(ctx, in); err != nil {
			return err
		}
		return n.doubtOver(ctx, in, subjectsOf(in.Candidates))
	})
	if err != nil {
		return fmt.Errorf("dismiss inbound message %d: %w", inboundID, err)
	}
	return nil
}

// waiting locks an inbound row that must be in one of the states.
func (n *Notifier) waiting(ctx context.Context, id int64, states ...InboundState) (*Inbound, error) {
	in, err := n.lockInbound(ctx, id)
	if db.IsNotFound(err) {
		return nil, fault.New(fault.NotFound, "fault.not_found")
	}
	if err != nil {
		return nil, err
	}
	if slices.Contains(states, in.State) {
		return in, nil
	}
	return nil, fault.New(fault.Conflict, "fault.inbound_done")
}

// Purge empties what was dealt with more than 180 days ago and tells how many
// messages that were. Their rows stay, so that a mailbox that is read again from
// its start brings nothing back; what is placed stays on its conversation, and so do
// its files.
func (n *Notifier) Purge(ctx context.Context) (int, error) {
	before := db.At(n.opt.Now().Add(-keepRaw))
	kept, err := n.keepFiles(ctx, before)
	if err != nil {
		return kept, fmt.Errorf("purge old inbound messages: %w", err)
	}
	rows, err := n.emptyOld(ctx, before)
	if err != nil {
		return kept, fmt.Errorf("purge old inbound messages: %w", err)
	}
	if err := n.dropReports(ctx, db.At(n.opt.Now().Add(-keepReports))); err != nil {
		return 0, fmt.Errorf("purge old delivery reports: %w", err)
	}
	return kept + int(rows), nil
}
