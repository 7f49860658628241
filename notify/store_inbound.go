package notify

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"neuvo/internal/db"
)

func (n *Notifier) mailbox(ctx context.Context, name string) (Mailbox, error) {
	var rows []Mailbox
	err := n.db.In(ctx).Where("name = ?", name).Limit(1).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return Mailbox{Name: name}, err
	}
	return rows[0], nil
}

func (n *Notifier) savePolled(ctx context.Context, m Mailbox) error {
	return n.db.Tx(ctx, func(ctx context.Context) error {
		return n.db.In(ctx).Clauses(clause.OnConflict{
			Columns: []clause.Column{{Name: "name"}}, DoUpdates: clause.AssignmentColumns([]string{"polled_at", "error"}),
		}).Create(&m).Error
	})
}

// advanceCursor moves a mailbox's cursor, never back within one UIDVALIDITY;
// another UIDVALIDITY starts it anew.
func (n *Notifier) advanceCursor(ctx context.Context, m Mailbox) error {
	return n.db.In(ctx).Exec(`INSERT INTO mailboxes (name, uid_validity, last_uid) VALUES (?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET
			last_uid = CASE WHEN mailboxes.uid_validity = excluded.uid_validity AND mailboxes.last_uid > excluded.last_uid
				THEN mailboxes.last_uid ELSE excluded.last_uid END,
			uid_validity = excluded.uid_validity`, m.Name, m.UIDValidity, m.LastUID).Error
}

// insertInbound stores a raw row, or finds the one that has its place.
func (n *Notifier) insertInbound(ctx context.Context, row Inbound) (id int64, fresh bool, err error) {
	res := n.db.In(ctx).Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "source"}, {Name: "uid_validity"}, {Name: "uid"}}, DoNothing: true,
	}).Create(&row)
	if res.Error != nil {
		return 0, false, res.Error
	}
	if res.RowsAffected == 1 {
		return row.ID, true, nil
	}
	var ids []int64
	err = n.db.In(ctx).Model(&Inbound{}).Where("source = ? AND uid_validity = ? AND uid = ?", row.Source, row.UIDValidity, row.UID).
		Pluck("id", &ids).Error
	if err == nil && len(ids) != 1 {
		err = fmt.Errorf("the stored row is gone")
	}
	if err != nil {
		return 0, false, err
	}
	return ids[0], false, nil
}

func (n *Notifier) storedAfter(ctx context.Context, last int64, limit int) ([]int64, error) {
	var ids []int64
	err := n.db.In(ctx).Model(&Inbound{}).Where("state = 'stored' AND id > ?", last).Order("id").Limit(limit).Pluck("id", &ids).Error
	return ids, err
}

// beginReading counts an attempt, durably, and gives the row; nil where it is no
// longer waiting.
func (n *Notifier) beginReading(ctx context.Context, id int64) (*Inbound, error) {
	var in *Inbound
	err := n.db.Tx(ctx, func(ctx context.Context) error {
		in = nil
		res := n.db.In(ctx).Model(&Inbound{}).Where("id = ? AND state = ?", id, InStored).Update("attempts", gorm.Expr("attempts + 1"))
		if res.Error != nil || res.RowsAffected == 0 {
			return res.Error
		}
		row := Inbound{}
		if err := n.db.In(ctx).Where("id = ?", id).Take(&row).Error; err != nil {
			return err
		}
		in = &row
		return nil
	})
	return in, err
}

// lockStored holds a row for this transaction and tells whether it still waits.
func (n *Notifier) lockStored(ctx context.Context, id int64) (bool, error) {
	var ids []int64
	err := n.db.ForUpdate(n.db.In(ctx)).Model(&Inbound{}).Where("id = ? AND state = ?", id, InStored).Pluck("id", &ids).Error
	return len(ids) == 1, err
}

// lockInbound holds a row, whatever its state, for this transaction.
func (n *Notifier) lockInbound(ctx context.Context, id int64) (*Inbound, error) {
	var in Inbound
	return &in, n.db.ForUpdate(n.db.In(ctx)).Where("id = ?", id).Take(&in).Error
}

// saveInbound writes what was found out about a row; its bytes never change.
func (n *Notifier) saveInbound(ctx context.Context, in *Inbound) error {
	if in.Candidates == nil {
		in.Candidates = []Candidate{}
	}
	return n.db.In(ctx).Model(in).Select("State", "Reason", "Error", "Kind", "Channel", "MessageID", "FromAddress",
		"Subject", "Body", "Candidates").Updates(in).Error
}

// saveInboundError keeps why handling a row failed; the row goes on waiting.
func (n *Notifier) saveInboundError(ctx context.Context, in *Inbound, text string) error {
	return n.db.Tx(ctx, func(ctx context.Context) error {
		return n.db.In(ctx).Model(&Inbound{}).Where("id = ? AND state = ?", in.ID, InStored).
			Update("error", cleanText(text, maxLine)).Error
	})
}

// duplicateOf tells why a row is the second copy of an earlier one, "" where it
// is not. The same bytes with the same Message-ID come when a mailbox has a new
// UIDVALIDITY; the same Message-ID, sender and words when a host delivered a
// message on two ways. Without a Message-ID only the same bytes under another
// UIDVALIDITY of the same mailbox count: two like texts may both be meant.
func (n *Notifier) duplicateOf(ctx context.Context, in *Inbound) (string, error) {
	q := n.db.In(ctx).Model(&Inbound{}).Where("id < ?", in.ID)
	if in.MessageID != "" {
		q = q.Where("message_id = ? AND (sha256 = ? OR (from_address = ? AND body = ?))", in.MessageID, in.SHA256, in.FromAddress, in.Body)
	} else {
		q = q.Where("sha256 = ? AND source = ? AND uid_validity <> ?", in.SHA256, in.Source, in.UIDValidity)
	}
	var ids []int64
	if err := q.Order("id").Limit(1).Pluck("id", &ids).Error; err != nil {
		return "", fmt.Errorf("look for a duplicate: %w", err)
	}
	if len(ids) == 0 {
		return "", nil
	}
	return fmt.Sprintf("the same as inbound message %d", ids[0]), nil
}

// gather reads what the database and our key know of the signals of p, in a
// constant number of queries.
func (n *Notifier) gather(ctx context.Context, p Parsed) (Facts, error) {
	f := Facts{Addresses: map[string]AddressFact{}, Messages: map[string]MessageFact{}, Conversations: map[int64]ConversationFact{}}
	named := map[int64]bool{}
	for _, r := range p.Recipients {
		if n.opt.Addresses == nil {
			break
		}
		if id, ours, valid := n.opt.Addresses.Read(r.Address); ours {
			f.Addresses[r.Address] = AddressFact{ConversationID: id, Valid: valid}
			named[id] = valid || named[id]
		}
	}
	ids := append(newestReferences(p.References), bareID(p.InReplyTo), bareID(p.OriginalID))
	var sent []Message
	err := n.db.In(ctx).Select("id", "conversation_id", "message_id").
		Where("message_id IN ? AND message_id <> '' AND direction = ?", ids, Out).Find(&sent).Error
	if err != nil {
		return f, err
	}
	for _, m := range sent {
		f.Messages[m.MessageID] = MessageFact{ID: m.ID, ConversationID: m.ConversationID}
		named[m.ConversationID] = true
	}
	if err := n.gatherConversations(ctx, p, named, &f); err != nil {
		return f, err
	}
	f.Candidates, err = n.candidatesFor(ctx, p.Channel, p.From)
	return f, err
}

// gatherConversations reads those conversations that are named and whether the
// sender takes part in them.
func (n *Notifier) gatherConversations(ctx context.Context, p Parsed, named map[int64]bool, f *Facts) error {
	ids := make([]int64, 0, len(named))
	for id, valid := range named {
		if valid {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	var rows []struct {
		ID      int64
		Subject string
		Part    int64
	}
	err := n.db.In(ctx).Raw(`SELECT c.id, c.subject,
		(SELECT COUNT(*) FROM participants p WHERE p.conversation_id = c.id AND p.channel = ? AND p.address = ?) AS part
		FROM conversations c WHERE c.id IN ?`, p.Channel, p.From, ids).Scan(&rows).Error
	for _, r := range rows {
		f.Conversations[r.ID] = ConversationFact{Subject: r.Subject, SenderTakesPart: r.Part > 0}
	}
	return err
}

// candidatesFor names the newest conversations in which a sender takes part.
func (n *Notifier) candidatesFor(ctx context.Context, channel Channel, from string) ([]Candidate, error) {
	if from == "" {
		return nil, nil
	}
	var subjects []string
	err := n.db.In(ctx).Raw(`SELECT c.subject FROM participants p JOIN conversations c ON c.id = p.conversation_id
		WHERE p.address = ? AND p.channel = ? ORDER BY c.id DESC LIMIT 5`, from, channel).Scan(&subjects).Error
	list := make([]Candidate, len(subjects))
	for i, s := range subjects {
		list[i] = Candidate{Subject: s, Why: from + " takes part in it"}
	}
	return list, err
}

// lastIn is when the newest message of a conversation came or was written.
func (n *Notifier) lastIn(ctx context.Context, conversationID int64) (time.Time, error) {
	var rows []Message
	err := n.db.In(ctx).Select("created_at").Where("conversation_id = ?", conversationID).Order("created_at DESC").Limit(1).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return time.Time{}, err
	}
	return rows[0].CreatedAt.Time, nil
}

// conversationFact reads one conversation by subject as matching would see it.
func (n *Notifier) conversationFact(ctx context.Context, id int64, channel Channel, from string) (ConversationFact, error) {
	f := Facts{Conversations: map[int64]ConversationFact{}}
	err := n.gatherConversations(ctx, Parsed{Channel: channel, From: from}, map[int64]bool{id: true}, &f)
	return f.Conversations[id], err
}

// conversationBySubject is nil where nothing was ever opened on it.
func (n *Notifier) conversationBySubject(ctx context.Context, subject string) (*Conversation, error) {
	var rows []Conversation
	err := n.db.In(ctx).Where("subject = ?", subject).Limit(1).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

func (n *Notifier) occasionOf(ctx context.Context, id int64) (string, error) {
	var words []string
	err := n.db.In(ctx).Model(&Message{}).Where("id = ?", id).Limit(1).Pluck("occasion", &words).Error
	if err != nil || len(words) == 0 {
		return "", err
	}
	return words[0], nil
}

// reportedMessage is the one of ours that a report is about: the one it names,
// else the last to the address that it names. nil: none.
func (n *Notifier) reportedMessage(ctx context.Context, where Placement, recipient string) (*Message, error) {
	q := n.db.ForUpdate(n.db.In(ctx)).Where("direction = ? AND conversation_id = ?", Out, where.ConversationID)
	switch local, _, _ := strings.Cut(recipient, "@"); {
	case where.AnsweredID != 0:
		q = q.Where("id = ?", where.AnsweredID)
	case recipient != "":
		// A text that went through a gateway bounces with the number as local part.
		to := []string{strings.ToLower(recipient), "+" + strings.TrimPrefix(local, "+")}
		q = q.Where("to_address IN ? AND sent_at IS NOT NULL", to)
	default:
		return nil, nil
	}
	var rows []Message
	if err := q.Order("id DESC").Limit(1).Find(&rows).Error; err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// reported writes the state that a report brought.
func (n *Notifier) reported(ctx context.Context, m *Message, detail string) error {
	m.NextAt = db.Time{}
	err := n.db.In(ctx).Model(&Message{}).Where("id = ?", m.ID).
		Updates(map[string]any{"state": m.State, "error": m.Error, "gateway_id": m.GatewayID, "next_at": nil, "claimed_until": nil}).Error
	if err != nil {
		return err
	}
	return n.addHistory(ctx, m.State, detail, m.ID)
}

func (n *Notifier) listInbound(ctx context.Context, state string, before int64, limit int) ([]Inbound, error) {
	q := n.db.In(ctx).Omit("raw").Order("id DESC").Limit(limit)
	if state != "" && state != "all" {
		q = q.Where("state = ?", state)
	}
	if before > 0 {
		q = q.Where("id < ?", before)
	}
	var rows []Inbound
	return rows, q.Find(&rows).Error
}

func (n *Notifier) inboundByID(ctx context.Context, id int64) (*Inbound, error) {
	var in Inbound
	return &in, n.db.In(ctx).Where("id = ?", id).Take(&in).Error
}

// emptyOld drops the bytes and words of what was dealt with before an instant.
// The row stays, by which a second copy is known.
func (n *Notifier) emptyOld(ctx context.Context, before db.Time) (int64, error) {
	var rows int64
	err := n.db.Tx(ctx, func(ctx context.Context) error {
		res := n.db.In(ctx).Model(&Inbound{}).
			Where("received_at < ? AND state NOT IN ? AND length(raw) > 0", before, []InboundState{InStored, InTriage}).
			Updates(map[string]any{"raw": []byte{}, "body": "", "subject": ""})
		rows = res.RowsAffected
		return res.Error
	})
	return rows, err
}
