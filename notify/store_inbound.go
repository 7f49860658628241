package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

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
			done_uid = CASE WHEN mailboxes.uid_validity = excluded.uid_validity THEN mailboxes.done_uid ELSE 0 END,
			uid_validity = excluded.uid_validity`, m.Name, m.UIDValidity, m.LastUID).Error
}

func (n *Notifier) saveDone(ctx context.Context, mailbox string, uidValidity, uid int64) error {
	return n.db.Tx(ctx, func(ctx context.Context) error {
		return n.db.In(ctx).Model(&Mailbox{}).Where("name = ? AND uid_validity = ? AND done_uid < ?", mailbox, uidValidity, uid).
			Update("done_uid", uid).Error
	})
}

// insertAllInbound stores raw rows, leaving out those that have their place
// already, and tells how many it stored.
func (n *Notifier) insertAllInbound(ctx context.Context, rows []Inbound) (fresh int, err error) {
	res := n.db.In(ctx).Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "source"}, {Name: "uid_validity"}, {Name: "uid"}}, DoNothing: true,
	}).Create(&rows)
	return int(res.RowsAffected), res.Error
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

// waitingRow is a stored message that has not been dealt with.
type waitingRow struct {
	ID       int64
	Attempts int
	Size     int64
}

func (n *Notifier) storedAfter(ctx context.Context, last int64, limit int) ([]waitingRow, error) {
	var rows []waitingRow
	err := n.db.In(ctx).Model(&Inbound{}).Select("id", "attempts", "length(raw) AS size").
		Where("state = 'stored' AND id > ?", last).Order("id").Limit(limit).Scan(&rows).Error
	return rows, err
}

// beginReading counts an attempt of each, durably, and gives the rows in their
// order; those that are no longer waiting are missing.
func (n *Notifier) beginReading(ctx context.Context, ids []int64) ([]*Inbound, error) {
	var rows []*Inbound
	err := n.db.Tx(ctx, func(ctx context.Context) error {
		rows = nil
		res := n.db.In(ctx).Model(&Inbound{}).Where("id IN ? AND state = ?", ids, InStored).Update("attempts", gorm.Expr("attempts + 1"))
		if res.Error != nil || res.RowsAffected == 0 {
			return res.Error
		}
		return n.db.In(ctx).Where("id IN ? AND state = ?", ids, InStored).Order("id").Find(&rows).Error
	})
	return rows, err
}

// lockStored holds a row for this transaction and tells whether it still waits.
func (n *Notifier) lockStored(ctx context.Context, id int64) (bool, error) {
	var ids []int64
	err := n.db.ForUpdate(n.db.In(ctx)).Model(&Inbound{}).Where("id = ? AND state = ?", id, InStored).Pluck("id", &ids).Error
	return len(ids) == 1, err
}

// lockAllStored holds rows for this transaction and tells which still wait.
func (n *Notifier) lockAllStored(ctx context.Context, list []*reading) (map[int64]bool, error) {
	ids := make([]int64, len(list))
	for i, r := range list {
		ids[i] = r.in.ID
	}
	var held []int64
	err := n.db.ForUpdate(n.db.In(ctx)).Model(&Inbound{}).Where("id IN ? AND state = ?", ids, InStored).Order("id").Pluck("id", &held).Error
	waits := make(map[int64]bool, len(held))
	for _, id := range held {
		waits[id] = true
	}
	return waits, err
}

// lockInbound holds a row, whatever its state, for this transaction.
func (n *Notifier) lockInbound(ctx context.Context, id int64) (*Inbound, error) {
	var in Inbound
	return &in, n.db.ForUpdate(n.db.In(ctx)).Where("id = ?", id).Take(&in).Error
}

// saveInbound writes what was found out about a row; its bytes never change. A
// statement by hand: it is run for each of a hundred thousand.
func (n *Notifier) saveInbound(ctx context.Context, in *Inbound) error {
	candidates := []byte("[]")
	if len(in.Candidates) > 0 {
		var err error
		if candidates, err = json.Marshal(in.Candidates); err != nil {
			return err
		}
	}
	return n.db.In(ctx).Exec(`UPDATE inbound SET state = ?, reason = ?, error = ?, kind = ?, channel = ?, message_id = ?,
		from_address = ?, subject = ?, body = ?, number = ?, provider_id = ?, part_ref = ?, part_number = ?, part_total = ?,
		candidates = ? WHERE id = ?`, in.State, in.Reason, in.Error, in.Kind, in.Channel, in.MessageID,
		in.FromAddress, in.Subject, in.Body, in.Number, in.ProviderID, in.PartRef, in.PartNumber, in.PartTotal,
		string(candidates), in.ID).Error
}

// saveInboundError keeps why handling a row failed; the row goes on waiting.
func (n *Notifier) saveInboundError(ctx context.Context, in *Inbound, text string) error {
	return n.db.Tx(ctx, func(ctx context.Context) error {
		return n.db.In(ctx).Model(&Inbound{}).Where("id = ? AND state = ?", in.ID, InStored).
			Update("error", cleanText(text, maxLine)).Error
	})
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
			Where("NOT (" + withFiles + ")"). // their files are taken out first
			Updates(map[string]any{"raw": []byte{}, "body": "", "subject": ""})
		rows = res.RowsAffected
		return res.Error
	})
	return rows, err
}
