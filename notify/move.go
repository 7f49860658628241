package notify

import (
	"context"
	"fmt"
	"strings"

	"neuvo/internal/db"
	"neuvo/internal/fault"
)

// Move puts a message that stands on a conversation onto a subject's, because a
// person says that it belongs there; by names who, and why. The reply handlers run
// for it as if it had come there, as an answer to our text of an occasion where one
// is named. Conflict where it stands there already or is no
// message of a person to us; NotFound where there is no such message or conversation.
func (n *Notifier) Move(ctx context.Context, messageID int64, subject, by, why, occasion string) (*Message, error) {
	var moved *Message
	err := n.db.Tx(ctx, func(ctx context.Context) error {
		m, from, err := n.messageByID(ctx, messageID)
		if db.IsNotFound(err) {
			return fault.New(fault.NotFound, "fault.not_found")
		}
		if err != nil {
			return err
		}
		to, err := n.conversationBySubject(ctx, subject)
		if err != nil {
			return err
		}
		switch {
		case to == nil:
			return fault.New(fault.NotFound, "fault.not_found")
		case m.Direction != In || m.Kind.machine() || to.ID == from.ID:
			return fault.New(fault.Conflict, "fault.message_moves")
		}
		if m.Verified, err = n.senderTakesPart(ctx, to.ID, m.Channel, m.FromAddress); err != nil {
			return err
		}
		m.ConversationID, m.MatchRule, m.MatchConfidence = to.ID, RuleHand, Certain
		m.MatchEvidence = strings.TrimSpace(by + ": " + oneLine(why))
		if err := n.saveMove(ctx, m); err != nil {
			return err
		}
		if err := n.addHistory(ctx, m.State, "moved from "+from.Subject+" by "+m.MatchEvidence, m.ID); err != nil {
			return err
		}
		if err := n.reply(ctx, Reply{Subject: subject, Message: *m, InReplyToOccasion: occasion}); err != nil {
			return fmt.Errorf("handle the reply: %w", err)
		}
		n.ring(ctx, from.Subject)
		n.ring(ctx, subject)
		moved = m
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("move message %d to %s: %w", messageID, subject, err)
	}
	return moved, nil
}

// Recognise makes an address take part in conversations, and counts what came from it
// there before as the participant's. It joins the caller's transaction; subjects
// without a conversation are passed over.
func (n *Notifier) Recognise(ctx context.Context, subjects []string, p Participant) error {
	p.Address = normalAddress(p.Channel, p.Address)
	if err := n.db.Tx(ctx, func(ctx context.Context) error { return n.join(ctx, subjects, p) }); err != nil {
		return fmt.Errorf("let %s take part: %w", p.Address, err)
	}
	return nil
}
