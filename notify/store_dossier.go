package notify

import (
	"context"
	"fmt"
)

// MessagesOf gives the messages of several conversations by subject, each the
// oldest first, in one query.
func (n *Notifier) MessagesOf(ctx context.Context, subjects []string) (map[string][]Message, error) {
	var rows []struct {
		Message
		Of string
	}
	err := n.db.In(ctx).Table("messages").Select("messages.*, conversations.subject AS of").
		Joins("JOIN conversations ON conversations.id = messages.conversation_id").
		Where("conversations.subject IN ?", subjects).Order("messages.created_at, messages.id").Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read the messages of %d conversations: %w", len(subjects), err)
	}
	out := map[string][]Message{}
	for i := range rows {
		m := rows[i].Message
		m.keepSecret()
		out[rows[i].Of] = append(out[rows[i].Of], m)
	}
	return out, nil
}
