package notify

import (
	"context"
)

// deadRows is the condition of the index messages_dead, word for word.
const deadRows = `messages.settled_at IS NULL AND (messages.state IN ('failed', 'expired') OR (messages.state = 'unknown' AND messages.next_at IS NULL))`

func (n *Notifier) listUndelivered(ctx context.Context, before int64, limit int) ([]Undelivered, error) {
	q := n.db.In(ctx).Table("messages").
		Select("messages.*, (SELECT subject FROM conversations c WHERE c.id = messages.conversation_id) AS conversation_subject").
		Where(deadRows)
	if before > 0 {
		q = q.Where("messages.id < ?", before)
	}
	var rows []Undelivered
	return rows, q.Order("messages.id DESC").Limit(limit).Find(&rows).Error
}

// lockedMessage is messageByID that holds the row until the transaction ends.
func (n *Notifier) lockedMessage(ctx context.Context, id int64) (*Message, *Conversation, error) {
	var m Message
	if err := n.db.ForUpdate(n.db.In(ctx)).Where("id = ?", id).Take(&m).Error; err != nil {
		return nil, nil, err
	}
	c, err := n.conversationOf(ctx, m.ConversationID)
	return &m, c, err
}

// markSettled writes that a person has dealt with a message.
func (n *Notifier) markSettled(ctx context.Context, m *Message, detail string) error {
	err := n.db.In(ctx).Model(&Message{}).Where("id = ?", m.ID).
		Updates(map[string]any{"state": m.State, "error": m.Error, "settled_at": m.SettledAt, "settled_by": m.SettledBy}).Error
	if err != nil {
		return err
	}
	return n.addHistory(ctx, m.State, detail, m.ID)
}
