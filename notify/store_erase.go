package notify

import (
	"context"
	"fmt"
)

// Erase forgets what was said on some subjects and to some addresses, in the
// caller's transaction: words, addresses, raw mail, files and consents go; that
// a message went, when, and how it fared stays as a number without a person.
// What is still queued is dropped.
func (n *Notifier) Erase(ctx context.Context, subjects, addresses []string) error {
	if !n.db.InTx(ctx) {
		return errOutsideTx
	}
	tx := n.db.In(ctx)
	const of = "(SELECT id FROM conversations WHERE subject IN ?)"
	const messages = "(SELECT id FROM messages WHERE conversation_id IN " + of + ")"
	const inbound = "(SELECT inbound_id FROM messages WHERE inbound_id > 0 AND conversation_id IN " + of + ")"
	for _, step := range []struct {
		sql  string
		args []any
	}{
		{"UPDATE inbound SET raw = ?, subject = '', body = '', from_address = '', candidates = '[]', error = '', number = '' WHERE id IN " + inbound, []any{[]byte{}, subjects}},
		{"DELETE FROM inbound_files WHERE inbound_id IN " + inbound, []any{subjects}},
		{"DELETE FROM inbound_files WHERE inbound_id IN (SELECT id FROM inbound WHERE from_address IN ? AND from_address <> '')", []any{addresses}},
		{"UPDATE inbound SET raw = ?, subject = '', body = '', from_address = '', candidates = '[]', error = '' WHERE from_address IN ? AND from_address <> ''", []any{[]byte{}, addresses}},
		{"DELETE FROM message_attachments WHERE message_id IN " + messages, []any{subjects}},
		{"UPDATE message_states SET detail = '' WHERE message_id IN " + messages, []any{subjects}},
		{"UPDATE messages SET state = ?, next_at = NULL WHERE state = ? AND conversation_id IN " + of, []any{Suppressed, Queued, subjects}},
		{"UPDATE messages SET body = '', shown = '', subject = '', from_address = '', to_address = '', error = '', match_evidence = '', in_reply_to = '' WHERE conversation_id IN " + of, []any{subjects}},
		{"UPDATE messages SET author = '' WHERE direction = ? AND conversation_id IN " + of, []any{In, subjects}},
		{"DELETE FROM participants WHERE conversation_id IN " + of, []any{subjects}},
		{"DELETE FROM number_pairs WHERE conversation_id IN " + of, []any{subjects}},
		{"DELETE FROM thread_codes WHERE conversation_id IN " + of, []any{subjects}},
		{"DELETE FROM consents WHERE address IN ?", []any{addresses}},
	} {
		if err := tx.Exec(step.sql, step.args...).Error; err != nil {
			return fmt.Errorf("erase what was said: %w", err)
		}
	}
	return nil
}
