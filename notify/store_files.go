package notify

import (
	"context"
	"fmt"

	"gorm.io/gorm/clause"
)

// Files lists the files of inbound messages, by the message's id, in their order.
func (n *Notifier) Files(ctx context.Context, inboundIDs ...int64) (map[int64][]InboundFile, error) {
	files := map[int64][]InboundFile{}
	err := inChunks(inboundIDs, func(ids []int64) error {
		var rows []InboundFile
		err := n.db.In(ctx).Where("inbound_id IN ?", ids).Order("inbound_id, position").Find(&rows).Error
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
