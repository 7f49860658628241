package notify

import (
	"context"
	"fmt"
)

// Foresee tells where a message would go if it came now, storing nothing: the
// subject of its conversation and the placement, or no subject and the reason
// for which it would wait in triage.
func (n *Notifier) Foresee(ctx context.Context, p Parsed) (subject string, where Placement, err error) {
	subject, where, _, err = n.ForeseeText(ctx, p)
	return subject, where, err
}

// ForeseeText is Foresee that tells, too, whether the sender would be asked which
// of several conversations is meant, unless that was asked within a day.
func (n *Notifier) ForeseeText(ctx context.Context, p Parsed) (subject string, where Placement, asks bool, err error) {
	p = p.clean()
	facts, err := n.gather(ctx, p)
	if err != nil {
		return "", Placement{}, false, fmt.Errorf("gather what is known: %w", err)
	}
	where = hold(p, Match(p, facts), facts)
	asks = where.ConversationID == 0 && len(toAsk(p, facts, where.Reason)) > 0 && OptWord(p.ReplyText) == ""
	return facts.Conversations[where.ConversationID].Subject, where, asks, nil
}
