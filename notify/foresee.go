package notify

import (
	"context"
	"fmt"
)

// Foresee tells where a message would go if it came now, storing nothing: the
// subject of its conversation and the placement, or no subject and the reason
// for which it would wait in triage.
func (n *Notifier) Foresee(ctx context.Context, p Parsed) (subject string, where Placement, err error) {
	p = p.clean()
	facts, err := n.gather(ctx, p)
	if err != nil {
		return "", Placement{}, fmt.Errorf("gather what is known: %w", err)
	}
	where = hold(p, Match(p, facts), facts)
	return facts.Conversations[where.ConversationID].Subject, where, nil
}
