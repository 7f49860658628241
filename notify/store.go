package notify

import (
	"context"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"neuvo/internal/db"
)

// ensureConversation gives the conversation of a subject, making it if need be.
func (n *Notifier) ensureConversation(ctx context.Context, subject string) (*Conversation, error) {
	if subject == "" {
		return nil, fmt.Errorf("a conversation needs a subject")
	}
	c := Conversation{}
	err := n.db.In(ctx).Where("subject = ?", subject).Take(&c).Error
	if !db.IsNotFound(err) {
		return &c, err
	}
	made, _, err := n.makeConversation(ctx, subject)
	return made, err
}

// makeConversation makes the conversation of a subject, or gives the one that
// is there, and tells whether it is fresh.
func (n *Notifier) makeConversation(ctx context.Context, subject string) (*Conversation, bool, error) {
	tx := n.db.In(ctx)
	c := Conversation{Subject: subject, CreatedAt: n.now()}
	// Another transaction may make the same one: then its row is ours too.
	res := tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "subject"}}, DoNothing: true}).Create(&c)
	if res.Error != nil || res.RowsAffected == 1 && c.ID != 0 {
		return &c, true, res.Error
	}
	c = Conversation{}
	return &c, false, tx.Where("subject = ?", subject).Take(&c).Error
}

// conversationOf reads a conversation that must exist.
func (n *Notifier) conversationOf(ctx context.Context, id int64) (*Conversation, error) {
	var c Conversation
	return &c, n.db.In(ctx).Where("id = ?", id).Take(&c).Error
}

// participantsOf gives who takes part in a conversation.
func (n *Notifier) participantsOf(ctx context.Context, id int64) ([]Participant, error) {
	var rows []Participant
	return rows, n.db.In(ctx).Where("conversation_id = ?", id).Find(&rows).Error
}

func (n *Notifier) replaceParticipants(ctx context.Context, conversationID int64, fresh bool, rows []Participant) error {
	tx := n.db.In(ctx)
	if !fresh {
		if err := tx.Where("conversation_id = ?", conversationID).Delete(&Participant{}).Error; err != nil {
			return err
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&rows).Error
}

// insertMessage stores a message with the first row of its history; an outgoing
// one gets its Message-ID.
func (n *Notifier) insertMessage(ctx context.Context, m *Message, detail string) error {
	return n.insertMessages(ctx, detail, m)
}

// insertMessages is insertMessage for several.
func (n *Notifier) insertMessages(ctx context.Context, detail string, rows ...*Message) error {
	for _, m := range rows {
		if m.Direction == Out {
			m.MessageID = n.newMessageID()
		}
	}
	if err := n.db.In(ctx).Create(rows).Error; err != nil {
		return err
	}
	states := make([]MessageState, len(rows))
	for i, m := range rows {
		states[i] = MessageState{MessageID: m.ID, State: m.State, At: n.now(), Detail: detail}
	}
	return n.db.In(ctx).Create(&states).Error
}

// insertFiles stores what goes with an e-mail.
func (n *Notifier) insertFiles(ctx context.Context, id int64, files []File) error {
	if len(files) == 0 {
		return nil
	}
	rows := make([]MessageAttachment, len(files))
	for i, f := range files {
		rows[i] = MessageAttachment{MessageID: id, Position: i + 1, Name: oneLine(f.Name), ContentType: oneLine(f.ContentType), Content: f.Content}
	}
	return n.db.In(ctx).Create(&rows).Error
}

// filesOf reads what goes with an e-mail, in order.
func (n *Notifier) filesOf(ctx context.Context, id int64) ([]File, error) {
	var rows []MessageAttachment
	if err := n.db.In(ctx).Where("message_id = ?", id).Order("position").Find(&rows).Error; err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, nil
	}
	files := make([]File, len(rows))
	for i, r := range rows {
		files[i] = File{Name: r.Name, ContentType: r.ContentType, Content: r.Content}
	}
	return files, nil
}

// addHistory writes one row for each message that came into a state.
func (n *Notifier) addHistory(ctx context.Context, state State, detail string, ids ...int64) error {
	if len(ids) == 0 {
		return nil
	}
	n.countState(ctx, state, len(ids))
	return n.db.In(ctx).Exec(`INSERT INTO message_states (message_id, state, at, detail)
		SELECT v.id, CAST(? AS TEXT), CAST(? AS BIGINT), CAST(? AS TEXT) FROM ?`, state, n.now(), detail, n.db.Values(db.Ints("id", ids))).Error
}

// messageIDOf gives the Message-ID of a message of a conversation, "" where it
// has none or is another's.
func (n *Notifier) messageIDOf(ctx context.Context, id, conversationID int64) (string, error) {
	var ids []string
	err := n.db.In(ctx).Model(&Message{}).Where("id = ? AND conversation_id = ?", id, conversationID).
		Limit(1).Pluck("message_id", &ids).Error
	if err != nil || len(ids) == 0 {
		return "", err
	}
	return ids[0], nil
}

func (n *Notifier) messagesOf(ctx context.Context, subject string) ([]Message, error) {
	var rows []Message
	err := n.db.In(ctx).Where("conversation_id IN (SELECT id FROM conversations WHERE subject = ?)", subject).
		Order("created_at, id").Find(&rows).Error
	return rows, err
}

func (n *Notifier) messageByID(ctx context.Context, id int64) (*Message, *Conversation, error) {
	var m Message
	if err := n.db.In(ctx).Where("id = ?", id).Take(&m).Error; err != nil {
		return nil, nil, err
	}
	c, err := n.conversationOf(ctx, m.ConversationID)
	return &m, c, err
}

func (n *Notifier) historyOf(ctx context.Context, id int64) ([]MessageState, error) {
	var rows []MessageState
	err := n.db.In(ctx).Where("message_id = ?", id).Order("id").Find(&rows).Error
	return rows, err
}

// suppressQueued drops what no gateway can have yet: queued, or claimed by a
// sender that has not begun to hand it over (which then finds it gone).
func (n *Notifier) suppressQueued(ctx context.Context, subject, reason string, occasions []string) ([]int64, error) {
	q := n.db.ForUpdate(n.db.In(ctx)).Model(&Message{}).
		Where("conversation_id IN (SELECT id FROM conversations WHERE subject = ?)", subject).
		Where("direction = ? AND (state = ? OR (state = ? AND handed_at IS NULL))", Out, Queued, Claimed)
	if len(occasions) > 0 {
		q = q.Where("occasion IN ?", occasions)
	}
	var ids []int64
	if err := q.Order("id").Pluck("id", &ids).Error; err != nil || len(ids) == 0 {
		return nil, err
	}
	err := n.db.In(ctx).Model(&Message{}).Where("id IN ?", ids).
		Updates(map[string]any{
			"state": Suppressed, "next_at": nil, "claimed_until": nil, "error": reason,
			"body": gorm.Expr("CASE WHEN shown <> '' THEN shown ELSE body END"),
		}).Error
	if err != nil {
		return nil, err
	}
	return ids, n.addHistory(ctx, Suppressed, reason, ids...)
}

func (n *Notifier) countQueues(ctx context.Context) (Stats, error) {
	var s Stats
	at := map[string]any{"now": n.now(), "asked": db.At(n.opt.Now().Add(2 * lastAsk))}
	err := n.db.In(ctx).Raw(`SELECT
		(SELECT COUNT(*) FROM messages WHERE next_at IS NOT NULL AND channel IN ('sms', 'email') AND (next_at <= @now OR state = 'claimed')) AS queued,
		(SELECT COUNT(*) FROM (SELECT 1 FROM messages WHERE channel IN ('sms', 'email') AND next_at > @now LIMIT 100000) AS later) AS later,
		(SELECT COUNT(*) FROM messages WHERE `+deadRows+`) AS undelivered,
		(SELECT COUNT(*) FROM messages WHERE `+deadRows+` AND messages.state = 'unknown')
			+ (SELECT COUNT(*) FROM messages WHERE channel IN ('sms', 'email') AND next_at <= @asked AND state = 'unknown') AS unknown,
		(SELECT COUNT(*) FROM inbound WHERE state = 'triage') AS triage,
		(SELECT COUNT(*) FROM inbound WHERE state = 'stored') AS stored,
		(SELECT COALESCE(SUM(missing), 0) FROM source_counts) AS missing,
		(SELECT MIN(next_at) FROM messages WHERE next_at IS NOT NULL AND channel IN ('sms', 'email') AND next_at <= @now) AS oldest_due`, at).
		Scan(&s).Error
	if err != nil {
		return s, err
	}
	s.States = n.stateCounts()
	if !s.OldestDue.IsZero() {
		s.Oldest = n.opt.Now().Sub(s.OldestDue.Time)
	}
	return s, nil
}
