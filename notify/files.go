package notify

import (
	"context"
	"fmt"

	"neuvo/internal/db"
	"neuvo/internal/fault"
)

// FileReader takes a file out of a raw message, by its position from 1.
type FileReader func(raw []byte, position int) ([]byte, error)

// purgeFiles raw messages have their files taken out before they are emptied, in
// one sweep.
const purgeFiles = 200

// File gives a file of an inbound message with its bytes. NotFound where there is
// none, or it is not handed out.
func (n *Notifier) File(ctx context.Context, inboundID int64, position int) (*InboundFile, error) {
	none := fault.New(fault.NotFound, "fault.not_found")
	f, err := n.inboundFile(ctx, inboundID, position)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read file %d of inbound message %d: %w", position, inboundID, err)
	case f == nil || f.Refused != "":
		return nil, none
	case f.Content != nil:
		return f, nil
	}
	in, err := n.InboundByID(ctx, inboundID)
	if err != nil {
		return nil, err
	}
	if f.Content, err = n.takeOut(in.Raw, position); err != nil {
		return nil, none
	}
	return f, nil
}

// takeOut reads a file out of a raw message.
func (n *Notifier) takeOut(raw []byte, position int) ([]byte, error) {
	if n.opt.Files == nil || len(raw) == 0 {
		return nil, fault.New(fault.NotFound, "fault.not_found")
	}
	return n.opt.Files(raw, position)
}

// keepFiles empties raw messages that came before an instant and keeps the files
// of those that stand on a conversation: what a customer sent belongs to the visit
// and lives as long as that; only the mail around it goes. It tells how many it
// emptied.
func (n *Notifier) keepFiles(ctx context.Context, before db.Time) (int, error) {
	done := 0
	for last := int64(0); done < purgeFiles; {
		ids, err := n.oldWithFiles(ctx, before, last, 20)
		if err != nil || len(ids) == 0 {
			return done, err
		}
		for _, id := range ids {
			last = id
			if err := n.keepFilesOf(ctx, id); err != nil {
				return done, fmt.Errorf("keep the files of inbound message %d: %w", id, err)
			}
			done++
		}
	}
	return done, nil
}

func (n *Notifier) keepFilesOf(ctx context.Context, id int64) error {
	return n.db.Tx(ctx, func(ctx context.Context) error {
		in, err := n.lockInbound(ctx, id)
		if err != nil {
			return err
		}
		files, err := n.Files(ctx, id)
		if err != nil {
			return err
		}
		for _, f := range files[id] {
			if f.Refused != "" {
				continue
			}
			content, err := n.takeOut(in.Raw, f.Position)
			if err != nil || len(content) == 0 {
				n.opt.Log.WarnContext(ctx, "a file cannot be taken out of its message", "inbound", id, "file", f.Position, "err", err)
				content = nil
			}
			if err := n.saveFile(ctx, f, content); err != nil {
				return err
			}
		}
		return n.emptyRaw(ctx, id)
	})
}
