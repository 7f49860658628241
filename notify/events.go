package notify

import (
	"context"
	"fmt"
	"strings"
)

// note keeps a machine's message: attached to its conversation where that is
// certain, else with a reason. It never reaches a reply handler. A bounce or a
// receipt changes the state of the message of ours that it is about.
func (n *Notifier) note(ctx context.Context, in *Inbound, p Parsed, where Placement, facts Facts) error {
	in.State, in.Reason = InEvent, string(in.Kind)
	switch {
	case in.Kind == Own:
		in.Reason += ": our own message came back"
		return n.saveInbound(ctx, in)
	case where.ConversationID == 0:
		in.Reason += ": " + where.Reason
		return n.saveInbound(ctx, in)
	}
	subject := facts.Conversations[where.ConversationID].Subject
	m := in.message(where)
	m.Verified = false // a machine vouches for nobody
	if in.Kind == Bounce && p.FailedReason != "" {
		m.Body = p.FailedReason
	}
	if err := n.insertMessage(ctx, m, in.Reason); err != nil {
		return err
	}
	in.Reason += ": noted on " + subject
	if err := n.saveInbound(ctx, in); err != nil {
		return err
	}
	if in.Kind == Bounce || in.Kind == Receipt {
		if err := n.report(ctx, in.Kind, p, where, subject); err != nil {
			return err
		}
	}
	n.ring(ctx, subject)
	return nil
}

// report moves the message of ours that a bounce or a receipt is about.
func (n *Notifier) report(ctx context.Context, kind Kind, p Parsed, where Placement, subject string) error {
	about, err := n.reportedMessage(ctx, where, p.FailedRecipient)
	if err != nil || about == nil {
		return err
	}
	switch {
	case kind == Receipt && (about.State == Accepted || about.State == Unknown):
		about.State, about.Error = Delivered, ""
		return n.reported(ctx, about, "a receipt came")
	case kind == Bounce && (!about.State.Final() || about.State == Delivered):
		reason := strings.TrimSpace(p.FailedReason)
		if reason == "" {
			reason = "the receiving host sent it back"
		}
		about.State, about.Error = Failed, reason
		if err := n.reported(ctx, about, reason); err != nil {
			return err
		}
		for _, h := range n.onFailure {
			if err := h(ctx, subject, *about); err != nil {
				return fmt.Errorf("failure handler: %w", err)
			}
		}
	}
	return nil
}
