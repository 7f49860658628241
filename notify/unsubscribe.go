package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"neuvo/internal/db"
	"neuvo/internal/fault"
)

// ByMail is consent withdrawn by the way out of an e-mail.
const ByMail = "mail"

// leaveToken names a conversation and a purpose, signed: whoever has it got our
// mail, and can do no more with it than to be rid of such mail.
func (a *Addresses) leaveToken(conversationID int64, p Purpose) string {
	at := slices.Index(ConsentPurposes, p)
	if at < 0 {
		return ""
	}
	plain := append(shortID(conversationID), byte(at))
	return strings.ToLower(addressEncoding.EncodeToString(append(plain, a.leaveMAC(plain)...)))
}

// readLeave reads a token of leaveToken; ok is false where we did not make it.
func (a *Addresses) readLeave(token string) (conversationID int64, p Purpose, ok bool) {
	raw, err := addressEncoding.DecodeString(strings.ToUpper(token))
	if err != nil || len(raw) < 2+macBytes || len(raw) > 9+macBytes {
		return 0, "", false
	}
	plain, mac := raw[:len(raw)-macBytes], raw[len(raw)-macBytes:]
	at := int(plain[len(plain)-1])
	// No stray bits at the end: one way out has one token.
	if !hmac.Equal(mac, a.leaveMAC(plain)) || at >= len(ConsentPurposes) || addressEncoding.EncodeToString(raw) != strings.ToUpper(token) {
		return 0, "", false
	}
	var wide [8]byte
	copy(wide[9-len(plain):], plain[:len(plain)-1])
	return int64(binary.BigEndian.Uint64(wide[:])), ConsentPurposes[at], true
}

// leaveMAC signs for this use and no other of the same key.
func (a *Addresses) leaveMAC(plain []byte) []byte {
	h := hmac.New(sha256.New, a.key)
	h.Write([]byte("way out\x00"))
	h.Write(plain)
	return bytes.Clone(h.Sum(nil)[:macBytes])
}

// leaveURL is the page on which the recipient of a message is rid of its kind;
// "" for what nobody subscribes to.
func (n *Notifier) leaveURL(m *Message) string {
	if n.opt.LeaveURL == "" || n.opt.Addresses == nil || m.Channel != Email || m.ByHuman {
		return ""
	}
	token := n.opt.Addresses.leaveToken(m.ConversationID, m.Purpose)
	if token == "" {
		return ""
	}
	return n.opt.LeaveURL + token
}

// WayOut tells which purpose a token of a mail's way out is for, without doing
// anything; NotFound where we did not make it.
func (n *Notifier) WayOut(token string) (Purpose, error) {
	if n.opt.Addresses != nil {
		if _, p, ok := n.opt.Addresses.readLeave(token); ok {
			return p, nil
		}
	}
	return "", fault.New(fault.NotFound, "fault.not_found")
}

// Leave withdraws the consent that a token is for, on every address of its
// conversation's customer. A second time is harmless. NotFound as WayOut, and
// where the conversation has been erased.
func (n *Notifier) Leave(ctx context.Context, token string) error {
	p, err := n.WayOut(token)
	if err != nil {
		return err
	}
	id, _, _ := n.opt.Addresses.readLeave(token)
	return n.db.Tx(ctx, func(ctx context.Context) error {
		c, err := n.conversationOf(ctx, id)
		if db.IsNotFound(err) {
			return fault.New(fault.NotFound, "fault.not_found")
		}
		if err != nil {
			return fmt.Errorf("find who leaves: %w", err)
		}
		people, err := n.participantsOf(ctx, c.ID)
		if err != nil {
			return fmt.Errorf("find who leaves: %w", err)
		}
		var addresses []string
		for _, one := range people {
			addresses = append(addresses, one.Address)
		}
		want := map[Purpose]bool{p: false}
		if err := n.SetConsents(ctx, addresses, want, Evidence{How: ByMail}); err != nil {
			return err
		}
		for _, address := range addresses {
			if err := n.consented(ctx, address, want); err != nil {
				return err
			}
		}
		return nil
	})
}
