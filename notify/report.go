package notify

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"neuvo/internal/db"
)

// MessageReport is a delivery report as it came. One that came before the
// gateway's answer to the submission waits, with no message to it, until that
// names the id by which it is known.
type MessageReport struct {
	ID         int64 `gorm:"primaryKey"`
	Gateway    string
	GatewayID  string
	MessageID  int64 // ours; 0: not known yet
	Part       int   // from 1; 0: the whole message
	State      State
	Code       string
	Text       string
	OptedOut   bool
	At         db.Time // the gateway's word for when
	ReceivedAt db.Time
}

const (
	// keepReports is how long reports are kept: a gateway may repeat one for days.
	keepReports = 7 * 24 * time.Hour
	// strayBatch bounds what one sweep looks at.
	strayBatch = 100
)

// errNamelessReport is a mistake in the gateway's code.
var errNamelessReport = errors.New("a report names its gateway and a message")

// Report takes in a delivery report. A message only moves forward by one:
// accepted, then failed or delivered, where the word of a phone that has it
// outweighs an earlier failure. So a report that comes twice or late changes
// nothing. A message of several parts is delivered when all its parts are, and
// failed when one is. One that nobody knows yet is kept and applied as soon as
// the gateway's answer tells whose it is.
func (n *Notifier) Report(ctx context.Context, r Report) error {
	if r.Gateway == "" || r.GatewayID == "" && r.ClientRef == "" {
		return errNamelessReport
	}
	switch r.State {
	case Accepted, Delivered, Failed:
	default:
		return fmt.Errorf("a report of %s: %q is no state of a report", r.Gateway, r.State)
	}
	row := MessageReport{
		Gateway: r.Gateway, GatewayID: r.GatewayID, Part: r.Part, State: r.State, Code: r.Code,
		Text: oneLine(r.Text), OptedOut: r.OptedOut, At: db.At(r.At), ReceivedAt: n.now(),
	}
	err := n.db.Tx(ctx, func(ctx context.Context) error {
		row := row
		m, err := n.messageOfReport(ctx, r)
		if err != nil {
			return err
		}
		if m != nil {
			row.MessageID = m.ID
		}
		if err := n.insertReport(ctx, &row); err != nil || m == nil {
			return err
		}
		return n.applyReports(ctx, m)
	})
	if err != nil {
		return fmt.Errorf("take in a report of %s: %w", r.Gateway, err)
	}
	return nil
}

// refID reads a client reference, "m42"; 0: it is none of ours.
func refID(ref string) int64 {
	digits, ok := strings.CutPrefix(ref, "m")
	if !ok {
		return 0
	}
	id, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || id < 0 {
		return 0
	}
	return id
}

// applyReports moves a message as far as its reports say, and tells the failure
// handlers where that is a failure. A message whose submission is still under
// way waits for the gateway's answer.
func (n *Notifier) applyReports(ctx context.Context, m *Message) error {
	switch m.State {
	case Unknown, Accepted, Failed:
	default:
		return nil
	}
	rows, err := n.reportsOf(ctx, m.ID)
	if err != nil || len(rows) == 0 {
		return err
	}
	for _, r := range rows {
		if r.OptedOut {
			if err := n.mirror(ctx, m.ToAddress, m.Gateway, true); err != nil {
				return err
			}
		}
	}
	state, because := weigh(m, rows)
	if reached(state) <= reached(m.State) {
		return nil
	}
	before := m.State
	m.State, m.Error = state, ""
	detail := because.detail()
	if state == Failed {
		m.Error = detail
	}
	if m.GatewayID == "" {
		m.GatewayID = because.GatewayID
	}
	if err := n.reported(ctx, m, detail); err != nil {
		return err
	}
	c, err := n.conversationOf(ctx, m.ConversationID)
	if err != nil {
		return err
	}
	n.ring(ctx, c.Subject)
	if state != Failed || before == Failed {
		return nil
	}
	for _, h := range n.onFailure {
		if err := h(ctx, c.Subject, *m); err != nil {
			return fmt.Errorf("failure handler: %w", err)
		}
	}
	return nil
}

// applyStray applies the reports that met their message only after both were
// written.
func (n *Notifier) applyStray(ctx context.Context) error {
	rows, err := n.strayReports(ctx, strayBatch)
	if err != nil || len(rows) == 0 {
		return err
	}
	for _, m := range rows {
		err := n.db.Tx(ctx, func(ctx context.Context) error {
			m := m
			if _, err := n.adoptReports(ctx, &m); err != nil {
				return err
			}
			return n.applyReports(ctx, &m)
		})
		if err != nil {
			return fmt.Errorf("apply early reports of message %d: %w", m.ID, err)
		}
	}
	return nil
}

// reached is how far along a state is; reports only move a message up.
func reached(s State) int {
	switch s {
	case Accepted:
		return 1
	case Failed:
		return 2
	case Delivered:
		return 3
	}
	return 0
}

// weigh tells what the reports of a message amount to, and which of them decides.
func weigh(m *Message, rows []MessageReport) (State, MessageReport) {
	parts := map[int]MessageReport{}
	for _, r := range rows {
		if best, ok := parts[r.Part]; !ok || reached(r.State) > reached(best.State) {
			parts[r.Part] = r
		}
	}
	if whole, ok := parts[0]; ok && (whole.State == Delivered || len(parts) == 1) {
		return whole.State, whole
	}
	var last MessageReport
	delivered := 0
	for _, r := range parts {
		switch {
		case r.State == Failed:
			return Failed, r
		case r.Part > 0 && r.State == Delivered:
			delivered++
		}
		if r.ID > last.ID {
			last = r
		}
	}
	if delivered >= max(m.Segments, 1) {
		return Delivered, last
	}
	last.State, last.Text = Accepted, ""
	return Accepted, last
}

// detail is what the history says of a report.
func (r MessageReport) detail() string {
	text := r.Text
	if text == "" {
		text = map[State]string{
			Accepted: "the gateway reports that it has it", Delivered: "the gateway reports that it arrived",
			Failed: "the gateway reports that it could not be delivered",
		}[r.State]
	}
	if r.Code != "" {
		text += " (" + r.Code + ")"
	}
	return text
}
