package notify

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ReplayFilter says which stored messages are read and matched again: those of
// IDs, or all that came from From up to To (zero: no bound) and stand in State
// ("": any).
type ReplayFilter struct {
	IDs      []int64
	From, To time.Time
	State    InboundState
}

// Replayed is what reading and matching a stored message again brings.
type Replayed struct {
	ID      int64        `json:"id"`
	State   InboundState `json:"state"`
	Stands  string       `json:"stands"` // the subject it is on, or why it is on none
	Would   string       `json:"would"`  // the same, if it came now
	Reading string       `json:"reading,omitempty"`
	// Action is what --apply does: "place" (it is put back among those that wait
	// to be placed), "reword" (its words are read anew where it stands), or "".
	Action string `json:"action,omitempty"`
}

// Actions of a replay.
const (
	ReplayPlace  = "place"
	ReplayReword = "reword"
)

// Replay reads and matches stored messages again and says what would change; with
// apply it does that. What stands on a conversation is never moved and its handlers
// are not run again: only its words are read anew. What waits in triage, or was
// noted as a machine's, and would be placed now, is put back among the stored,
// where the next ProcessStored takes it.
func (n *Notifier) Replay(ctx context.Context, f ReplayFilter, parse Parser, apply bool, tell func(Replayed) error) error {
	for last := int64(0); ; {
		rows, err := n.replayRows(ctx, f, last, 50)
		if err != nil {
			return fmt.Errorf("list stored messages: %w", err)
		}
		if len(rows) == 0 {
			return nil
		}
		for _, in := range rows {
			last = in.ID
			r, fresh, err := n.replayOne(ctx, in, parse)
			if err != nil {
				return fmt.Errorf("inbound message %d: %w", in.ID, err)
			}
			if apply && r.Action != "" {
				if err := n.applyReplay(ctx, r, fresh); err != nil {
					return fmt.Errorf("inbound message %d: %w", in.ID, err)
				}
			}
			if err := tell(r); err != nil {
				return err
			}
		}
	}
}

// replayOne says what one message would be now; fresh is its row as read now.
func (n *Notifier) replayOne(ctx context.Context, in *Inbound, parse Parser) (r Replayed, fresh *Inbound, err error) {
	r = Replayed{ID: in.ID, State: in.State, Stands: in.Reason}
	subject, err := n.subjectOfInbound(ctx, in.ID)
	if err != nil {
		return r, nil, err
	}
	if subject != "" {
		r.Stands = subject
	}
	if len(in.Raw) == 0 {
		r.Would = "its bytes are no longer kept"
		return r, nil, nil
	}
	p, readErr := n.read(ctx, parse, in)
	if readErr != nil {
		r.Would = ReasonUnreadable + ": " + readErr.Error()
		return r, nil, nil
	}
	p = p.clean()
	row := *in
	row.fill(p)
	facts, err := n.gather(ctx, p)
	if err != nil {
		return r, nil, err
	}
	where := hold(p, Match(p, facts), facts)
	r.Would = where.Reason
	if where.ConversationID != 0 {
		r.Would = facts.Conversations[where.ConversationID].Subject
	}
	if row.Kind.machine() {
		r.Would = string(row.Kind) + ": " + r.Would
	}
	if row.Body != in.Body || row.Subject != in.Subject {
		r.Reading = row.Body
	}
	switch in.State {
	case InTriage, InEvent:
		if where.ConversationID != 0 && !row.Kind.machine() || in.State == InTriage && row.Kind.machine() {
			r.Action = ReplayPlace
		} else if r.Reading != "" && in.State == InTriage {
			r.Action = ReplayReword
		}
	case InPlaced:
		if r.Reading != "" {
			r.Action = ReplayReword
		}
	}
	return r, &row, nil
}

// applyReplay does what was said, where the message still stands as it did.
func (n *Notifier) applyReplay(ctx context.Context, r Replayed, fresh *Inbound) error {
	return n.db.Tx(ctx, func(ctx context.Context) error {
		in, err := n.lockInbound(ctx, r.ID)
		if err != nil {
			return err
		}
		if in.State != r.State {
			return errors.New("somebody has dealt with it meanwhile: replay it once more")
		}
		if r.Action == ReplayPlace {
			return n.storeAgain(ctx, r.ID)
		}
		in.Subject, in.Body = fresh.Subject, fresh.Body
		if err := n.saveInbound(ctx, in); err != nil {
			return err
		}
		return n.reword(ctx, r.ID, fresh.Subject, fresh.Body)
	})
}
