package booking

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"time"

	"neuvo/internal/db"
)

// ShortLink is a short address of a page for SMS: ShortURL + "/l/" + Code.
type ShortLink struct {
	Code      string `gorm:"primaryKey"`
	Target    string // path of the page: "/j/TOKEN/estimate/7"
	ExpiresAt db.Time
}

// shortPath is where short addresses begin.
const shortPath = "/l/"

// A code is 64 bits in an alphabet without characters that look alike or that a
// phone would take for the end of the address: as hard to guess as to guess a
// key, at 11 characters.
const (
	codeAlphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	codeLength   = 11
)

// linkKey is the key that codes are made with, read once.
type linkKey struct {
	mu  sync.Mutex
	key []byte
}

// codeOf makes the code of a page. It is the same each time, so that a preview
// shows what will be sent and a page has one short address whoever writes.
func (d *Desk) codeOf(ctx context.Context, target string) (string, error) {
	d.links.mu.Lock()
	defer d.links.mu.Unlock()
	if d.links.key == nil {
		key, err := d.db.Secret(ctx, "links")
		if err != nil {
			return "", fmt.Errorf("read the key of short links: %w", err)
		}
		d.links.key = key
	}
	h := hmac.New(sha256.New, d.links.key)
	h.Write([]byte("short link\x00" + target))
	n := binary.BigEndian.Uint64(h.Sum(nil))
	code := make([]byte, codeLength)
	for i := range code {
		code[codeLength-1-i] = codeAlphabet[n%uint64(len(codeAlphabet))]
		n /= uint64(len(codeAlphabet))
	}
	return string(code), nil
}

// shortURL is the short address of a page; it works once keepLink has stored it.
func (d *Desk) shortURL(ctx context.Context, target string) (string, error) {
	code, err := d.codeOf(ctx, target)
	return d.opt.ShortURL + shortPath + code, err
}

// Shorten gives the short address of a page, a path of this program, until it
// expires. It joins the caller's transaction.
func (d *Desk) Shorten(ctx context.Context, target string, until time.Time) (string, error) {
	url, err := d.shortURL(ctx, target)
	if err != nil {
		return "", err
	}
	return url, d.keepLink(ctx, target, url, url, until)
}

// keepLink stores a short address where the text that goes out holds it.
func (d *Desk) keepLink(ctx context.Context, target, url, text string, until time.Time) error {
	prefix := d.opt.ShortURL + shortPath
	if !strings.HasPrefix(url, prefix) || !strings.Contains(text, url) {
		return nil
	}
	return d.saveShortLink(ctx, &ShortLink{Code: strings.TrimPrefix(url, prefix), Target: target, ExpiresAt: db.At(until)})
}

// FollowLink gives the path behind a short address; it writes nothing. NotFound
// where there is none, or where the page's own token has expired or been erased.
func (d *Desk) FollowLink(ctx context.Context, code string) (target string, err error) {
	if len(code) != codeLength || strings.Trim(code, codeAlphabet) != "" {
		return "", notFound()
	}
	link, err := one[ShortLink](ctx, d.db, "short link", "code = ? AND expires_at > ?", code, d.now())
	if err != nil {
		return "", err
	}
	kind, rest, _ := strings.Cut(strings.TrimPrefix(link.Target, "/"), "/")
	token, _, _ := strings.Cut(rest, "/")
	switch kind {
	case "j":
		_, err = one[Job](ctx, d.db, "job", "token = ? AND token_expires_at > ?", token, d.now())
	case "w":
		_, err = d.WaitEntry(ctx, token)
	}
	return link.Target, err
}
