package notify

import (
	"context"
	"fmt"
	"strings"
	"time"
)

const (
	// partWait is how long a piece of a longer text waits for the others; then what
	// there is is shown.
	partWait = 3 * time.Minute
	// partSpan bounds how far apart the pieces of one text come: networks use the
	// number that ties them again.
	partSpan = 24 * time.Hour
	// maxParts of a text are put together (3GPP TS 23.040 section 9.2.3.24.1 has
	// one octet for them).
	maxParts = 255
	// partGap stands for a piece that did not come.
	partGap = "[…]"
)

// assemble puts a longer text together from pieces that come in any order. It
// tells whether this piece has to wait for the others; else p and in hold the
// whole, or what there is of it once the wait is over.
func (n *Notifier) assemble(ctx context.Context, in *Inbound, p *Parsed) (waits bool, err error) {
	if p.Part.Total < 2 || p.Part.Total > maxParts || p.Part.Number < 1 || p.Part.Number > p.Part.Total || in.Kind.machine() {
		return false, nil
	}
	others, err := n.siblings(ctx, in)
	if err != nil {
		return false, fmt.Errorf("look for the other parts: %w", err)
	}
	pieces, first := map[int]string{p.Part.Number: p.ReplyText}, in.ReceivedAt.Time
	for _, o := range others {
		if _, twice := pieces[o.PartNumber]; !twice {
			pieces[o.PartNumber] = o.Body
		}
		if o.ReceivedAt.Before(first) {
			first = o.ReceivedAt.Time
		}
	}
	if len(pieces) < p.Part.Total && n.opt.Now().Before(first.Add(partWait)) {
		in.State, in.Reason = InPart, fmt.Sprintf("part %d of %d", p.Part.Number, p.Part.Total)
		return true, n.saveInbound(ctx, in)
	}
	p.ReplyText = joinParts(pieces, p.Part.Total)
	p.Text, in.Body, in.Reason = p.ReplyText, p.ReplyText, ""
	return false, n.joined(ctx, others, fmt.Sprintf("part of inbound message %d", in.ID))
}

// joinParts writes the pieces in their order, with a sign for what is missing.
func joinParts(pieces map[int]string, total int) string {
	var whole strings.Builder
	gap := false
	for i := 1; i <= total; i++ {
		piece, here := pieces[i]
		switch {
		case here:
			whole.WriteString(piece)
		case !gap:
			whole.WriteString(" " + partGap + " ")
		}
		gap = !here
	}
	return strings.TrimSpace(whole.String())
}
