package notify

import (
	"context"
	"slices"

	"gorm.io/gorm"

	"neuvo/internal/db"
)

// dueRows are messages that a sender may take up now. Of each recipient that is
// at most one, the oldest: whatever is under way to it, and whatever older is
// due or waits for another attempt, goes first. What is only due later does not
// hold back what is due now.
const dueRows = `next_at <= @now AND NOT EXISTS (
	SELECT 1 FROM messages e
	WHERE e.to_address = messages.to_address AND e.next_at IS NOT NULL AND e.id <> messages.id AND (
		(e.state <> 'queued' AND (messages.state = 'queued' OR e.id < messages.id))
		OR (e.state = 'queued' AND messages.state = 'queued' AND e.id < messages.id
			AND (e.next_at <= @now OR e.attempts > 0))))`

// dueOf locks and gives what is due of a class, the longest due first.
func (n *Notifier) dueOf(ctx context.Context, c *class, limit int) ([]Message, error) {
	q := n.db.SkipLocked(n.db.In(ctx)).Where("channel = ?", c.channel).Where(dueRows, map[string]any{"now": n.now()})
	if c.prefix != "" {
		q = q.Where("to_address LIKE ?", c.prefix+"%")
	}
	for _, p := range c.longer {
		q = q.Where("to_address NOT LIKE ?", p+"%")
	}
	found, err := q.Model(&Message{}).Select(dueColumns).Order("next_at, id").Limit(limit).Rows()
	if err != nil {
		return nil, err
	}
	defer found.Close()
	var rows []Message
	for found.Next() {
		m := Message{Direction: Out}
		if err := found.Scan(dueFields(&m)...); err != nil {
			return nil, err
		}
		rows = append(rows, m)
	}
	return rows, found.Err()
}

// dueColumns are what a message on its way out has, and dueFields where each is
// kept: read by hand, since a third of what a claim cost went into finding the
// fields of its rows.
const dueColumns = "id, conversation_id, channel, occasion, purpose, author, from_address, to_address, subject, body, shown, locale, state, " +
	"subject_version, gateway, gateway_id, message_id, in_reply_to, segments, attempts, claimed_by, handed_at, by_human, at_once, prompt, retry_of, " +
	"expires_at, error, asks, asks_until, created_at, sent_at"

func dueFields(m *Message) []any {
	return []any{
		&m.ID, &m.ConversationID, (*string)(&m.Channel), &m.Occasion, (*string)(&m.Purpose), &m.Author, &m.FromAddress, &m.ToAddress,
		&m.Subject, &m.Body, &m.Shown, &m.Locale, (*string)(&m.State), &m.SubjectVersion, &m.Gateway, &m.GatewayID, &m.MessageID,
		&m.InReplyTo, &m.Segments, &m.Attempts, &m.ClaimedBy, &m.HandedAt, &m.ByHuman, &m.AtOnce, &m.Prompt, &m.RetryOf, &m.ExpiresAt, &m.Error,
		&m.Asks, &m.AsksUntil, &m.CreatedAt, &m.SentAt,
	}
}

// hand notes, before any gateway is called, that from now on it may have the
// messages.
func (n *Notifier) hand(ctx context.Context, tasks []*task, until db.Time) error {
	byGateway := map[string][]int64{}
	ids := make([]int64, len(tasks))
	for i, t := range tasks {
		ids[i] = t.m.ID
		byGateway[t.m.Gateway] = append(byGateway[t.m.Gateway], t.m.ID)
	}
	for gateway, ids := range byGateway {
		err := n.db.In(ctx).Model(&Message{}).Where(db.Among(n.db, "id", ids)).Updates(map[string]any{
			"state": Claimed, "claimed_by": n.self, "claimed_until": until, "next_at": until,
			"handed_at": n.now(), "attempts": gorm.Expr("attempts + 1"), "gateway": gateway,
		}).Error
		if err != nil {
			return err
		}
	}
	return n.addHistory(ctx, Claimed, n.opt.Holder, ids...)
}

// holdClaim keeps others from messages that need no gateway, or of which one must
// be asked. Their state stays.
func (n *Notifier) holdClaim(ctx context.Context, ids []int64, until db.Time) error {
	if len(ids) == 0 {
		return nil
	}
	return n.db.In(ctx).Model(&Message{}).Where(db.Among(n.db, "id", ids)).Updates(map[string]any{
		"state":      gorm.Expr("CASE WHEN state = 'queued' THEN 'claimed' ELSE state END"),
		"handed_at":  gorm.Expr("CASE WHEN state = 'queued' THEN NULL ELSE handed_at END"),
		"claimed_by": n.self, "claimed_until": until, "next_at": until,
	}).Error
}

// postpone puts messages off, with a line in their history.
func (n *Notifier) postpone(ctx context.Context, ids []int64, off putOff) error {
	err := n.db.In(ctx).Model(&Message{}).Where(db.Among(n.db, "id", ids)).Updates(map[string]any{
		"state": Queued, "next_at": off.until, "claimed_until": nil,
	}).Error
	if err != nil {
		return err
	}
	return n.addHistory(ctx, Queued, off.detail, ids...)
}

// release gives back what was noted as handed over and never was.
func (n *Notifier) release(ctx context.Context, m *Message) error {
	return n.db.Tx(ctx, func(ctx context.Context) error {
		res := n.db.In(ctx).Model(&Message{}).
			Where("id = ? AND state = ? AND claimed_by = ? AND attempts = ?", m.ID, Claimed, n.self, m.Attempts).
			Updates(map[string]any{
				"state": Queued, "next_at": n.now(), "claimed_until": nil, "handed_at": nil, "attempts": gorm.Expr("attempts - 1"),
			})
		if res.Error != nil || res.RowsAffected == 0 {
			return res.Error
		}
		return n.addHistory(ctx, Queued, "the sender stopped before its turn", m.ID)
	})
}

// rehand notes that another gateway may have a message from now on. false: the
// claim is no longer ours.
func (n *Notifier) rehand(ctx context.Context, m *Message, gateway string, until db.Time) (bool, error) {
	res := n.db.In(ctx).Model(&Message{}).
		Where("id = ? AND state = ? AND claimed_by = ? AND attempts = ?", m.ID, Claimed, n.self, m.Attempts).
		Updates(map[string]any{"gateway": gateway, "handed_at": n.now(), "claimed_until": until, "next_at": until})
	return res.RowsAffected == 1, res.Error
}

// TakeOver lets the claims of every other process lapse now. Only a program that
// knows itself to be alone may do so: on SQLite, at its start, those that claimed
// are dead, and their texts need not wait for the clock.
func (n *Notifier) TakeOver(ctx context.Context) error {
	return n.db.Tx(ctx, func(ctx context.Context) error {
		return n.db.In(ctx).Model(&Message{}).Where("next_at IS NOT NULL AND state = ? AND claimed_by <> ?", Claimed, n.self).
			Updates(map[string]any{"claimed_until": n.now(), "next_at": n.now()}).Error
	})
}

// subjectsOf gives the subjects of the messages' conversations, by conversation.
func (n *Notifier) subjectsOf(ctx context.Context, rows []Message) (map[int64]string, error) {
	ids := make([]int64, len(rows))
	for i, m := range rows {
		ids[i] = m.ConversationID
	}
	slices.Sort(ids)
	var list []Conversation
	if err := n.db.In(ctx).Select("id", "subject").Where(db.Among(n.db, "id", slices.Compact(ids))).Find(&list).Error; err != nil {
		return nil, err
	}
	subjects := make(map[int64]string, len(list))
	for _, c := range list {
		subjects[c.ID] = c.Subject
	}
	return subjects, nil
}

// haveFiles tells which of the messages have files.
func (n *Notifier) haveFiles(ctx context.Context, rows []Message) (map[int64]bool, error) {
	var ids, with []int64
	for _, m := range rows {
		if m.Channel == Email {
			ids = append(ids, m.ID)
		}
	}
	have := map[int64]bool{}
	if len(ids) == 0 {
		return have, nil
	}
	err := n.db.In(ctx).Model(&MessageAttachment{}).Where(db.Among(n.db, "message_id", ids)).Distinct().Pluck("message_id", &with).Error
	for _, id := range with {
		have[id] = true
	}
	return have, err
}

// nextDue is when the next message falls due that is not due yet; zero: none.
func (n *Notifier) nextDue(ctx context.Context) (db.Time, error) {
	var row struct{ At db.Time }
	err := n.db.In(ctx).Raw(`SELECT MIN(at) AS at FROM (
		SELECT MIN(next_at) AS at FROM messages WHERE channel = 'sms' AND next_at > @now
		UNION ALL SELECT MIN(next_at) AS at FROM messages WHERE channel = 'email' AND next_at > @now) AS soonest`,
		map[string]any{"now": n.now()}).Scan(&row).Error
	return row.At, err
}
