package notify

import (
	"context"
	"fmt"

	"gorm.io/gorm/clause"

	"neuvo/internal/db"
)

// Files lists the files of inbound messages, by the message's id, in their order.
func (n *Notifier) Files(ctx context.Context, inboundIDs ...int64) (map[int64][]InboundFile, error) {
	files := map[int64][]InboundFile{}
	err := inChunks(inboundIDs, func(ids []int64) error {
		var rows []InboundFile
		err := n.db.In(ctx).Omit("content").Where("inbound_id IN ?", ids).Order("inbound_id, position").Find(&rows).Error
		for _, f := range rows {
			files[f.InboundID] = append(files[f.InboundID], f)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the files of %d inbound messages: %w", len(inboundIDs), err)
	}
	return files, nil
}

// insertInboundFiles names the files of what was decided on in this transaction.
func (n *Notifier) insertInboundFiles(ctx context.Context, list []*reading) error {
	var rows []InboundFile
	for _, r := range list {
		if r.alone || r.in.State == InStored || r.in.State == InDuplicate {
			continue
		}
		for i, a := range r.p.Attachments {
			rows = append(rows, InboundFile{
				InboundID: r.in.ID, Position: i + 1, Name: oneLine(cleanText(a.Name, maxLine)), ContentType: a.ContentType,
				Size: int64(a.Size), Refused: a.Refused,
			})
		}
	}
	return inChunks(rows, func(part []InboundFile) error {
		return n.db.In(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&part).Error
	})
}

// inboundFile is a file with its bytes as far as it holds them itself; nil: there
// is none.
func (n *Notifier) inboundFile(ctx context.Context, inboundID int64, position int) (*InboundFile, error) {
	var rows []InboundFile
	err := n.db.In(ctx).Where("inbound_id = ? AND position = ?", inboundID, position).Limit(1).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// withFiles is what picks the raw messages on conversations whose files are still
// within them.
const withFiles = `state = 'placed' AND EXISTS (SELECT 1 FROM inbound_files f
	WHERE f.inbound_id = inbound.id AND f.refused = '' AND f.content IS NULL)`

// oldWithFiles lists those that came before an instant.
func (n *Notifier) oldWithFiles(ctx context.Context, before db.Time, after int64, limit int) ([]int64, error) {
	var ids []int64
	err := n.db.In(ctx).Model(&Inbound{}).Where("received_at < ? AND id > ? AND length(raw) > 0", before, after).Where(withFiles).
		Order("id").Limit(limit).Pluck("id", &ids).Error
	return ids, err
}

// saveFile keeps the bytes of a file beside its name; nil: none could be had, so
// that it is only named from now on.
func (n *Notifier) saveFile(ctx context.Context, f InboundFile, content []byte) error {
	change := map[string]any{"content": content}
	if content == nil {
		change = map[string]any{"refused": FileLost}
	}
	return n.db.In(ctx).Model(&InboundFile{}).Where("inbound_id = ? AND position = ?", f.InboundID, f.Position).Updates(change).Error
}

// emptyRaw drops the bytes and words of one stored message; its row stays.
func (n *Notifier) emptyRaw(ctx context.Context, id int64) error {
	return n.db.In(ctx).Model(&Inbound{}).Where("id = ?", id).Updates(map[string]any{"raw": []byte{}, "body": "", "subject": ""}).Error
}
