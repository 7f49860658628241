package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"

	"neuvo/internal/db"
	"neuvo/internal/fault"
)

// MinPassword is the fewest characters a password may have (NIST SP 800-63B-4,
// section 3.1.1.2 asks for at least 8 beside another factor, 15 alone; 10 is
// what a shared desk puts up with, and attempts are rate-limited).
const MinPassword = 10

// maxPassword bounds what is hashed.
const maxPassword = 256

// usedEvery is how far behind a token's last_used_at may be. A script that
// polls must not write a row with each call.
const usedEvery = 5 * time.Minute

// hashing is argon2id with the OWASP minimum (19 MiB, 2 passes, 1 lane): an
// idle program must stay small, and two sign-ins at once must not double it.
var hashing = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// nobody is the hash that an unknown e-mail is checked against, so that it
// takes as long as a known one with a wrong password. No password fits it.
const nobody = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// Directory is the list of staff with their credentials.
type Directory struct {
	db *db.DB
	// hashes bounds how many passwords are hashed at once, and with it memory.
	hashes chan struct{}
}

// New makes a Directory over an open database.
func New(d *db.DB) *Directory {
	return &Directory{db: d, hashes: make(chan struct{}, 2)}
}

// Add takes a person on. Errors: Invalid with the wrong field, Conflict
// "fault.staff_exists" where the e-mail is taken.
func (d *Directory) Add(ctx context.Context, in NewStaff) (*Staff, error) {
	email, err := cleanEmail(in.Email)
	if err != nil {
		return nil, err
	}
	in.Name = strings.TrimSpace(in.Name)
	switch {
	case in.Name == "":
		return nil, fault.BadField("name", "fault.required", nil)
	case !slices.Contains(Roles, in.Role):
		return nil, fault.BadField("role", "fault.staff_role", string(in.Role))
	case in.Locale != "" && !slices.Contains([]string{"fi", "sv", "en"}, in.Locale):
		return nil, fault.BadField("locale", "fault.locale", in.Locale)
	}
	s := &Staff{
		Email: email, Name: in.Name, Role: in.Role, Locale: in.Locale,
		WorkshopID: in.WorkshopID, AdvisorID: in.AdvisorID, Active: true, CreatedAt: db.At(d.db.Now()),
		TellEmail: true, TellMinutes: DefaultTellMinutes,
	}
	switch {
	case in.PasswordHash != "":
		s.PasswordHash = in.PasswordHash
	case in.Password != "":
		if s.PasswordHash, err = d.hash(ctx, in.Password); err != nil {
			return nil, err
		}
	}
	if err := d.insert(ctx, s); err != nil {
		return nil, err
	}
	return s, nil
}

// List gives everyone, by e-mail.
func (d *Directory) List(ctx context.Context) ([]Staff, error) { return d.all(ctx) }

// SignIn finds the active person with this e-mail and password. Whatever does
// not fit is the same Unauthorized "fault.sign_in", after the same work.
func (d *Directory) SignIn(ctx context.Context, email, password string) (*Staff, error) {
	wrong := fault.New(fault.Unauthorized, "fault.sign_in")
	s, err := d.byEmail(ctx, strings.ToLower(strings.TrimSpace(email)))
	if err != nil {
		return nil, err
	}
	hash := nobody
	if s != nil && s.Active && s.PasswordHash != "" {
		hash = s.PasswordHash
	}
	if len(password) > maxPassword {
		password = ""
	}
	if err := d.enter(ctx); err != nil {
		return nil, err
	}
	match, err := argon2id.ComparePasswordAndHash(password, hash)
	d.leave()
	if err != nil {
		return nil, fmt.Errorf("check password: %w", err)
	}
	if !match || hash == nobody {
		return nil, wrong
	}
	return s, nil
}

// IssueToken makes an API token for a person. The text is given once; only its
// SHA-256 is kept. NotFound "fault.staff_unknown" for an unknown e-mail.
func (d *Directory) IssueToken(ctx context.Context, email string) (string, error) {
	s, err := d.byEmail(ctx, strings.ToLower(strings.TrimSpace(email)))
	if err != nil {
		return "", err
	}
	if s == nil || !s.Active {
		return "", fault.New(fault.NotFound, "fault.staff_unknown").With("email", email)
	}
	// The prefix lets secret scanners recognise a leaked one.
	token := "neuvo_" + rand.Text()
	err = d.insertToken(ctx, &Token{StaffID: s.ID, Hash: digest(token), CreatedAt: db.At(d.db.Now())})
	if err != nil {
		return "", err
	}
	return token, nil
}

// ByToken finds the active person of an API token, else Unauthorized
// "fault.token". The comparison is of digests by index, so its timing tells
// nothing about a token.
func (d *Directory) ByToken(ctx context.Context, token string) (*Staff, error) {
	unknown := fault.New(fault.Unauthorized, "fault.token")
	if token == "" {
		return nil, unknown
	}
	row, s, err := d.findToken(ctx, digest(token))
	if err != nil {
		return nil, err
	}
	if s == nil || !s.Active {
		return nil, unknown
	}
	now := d.db.Now()
	if age := now.Sub(row.LastUsedAt.Time); row.LastUsedAt.IsZero() || age >= usedEvery || age < 0 {
		if err := d.touchToken(ctx, row.ID, now); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// ByID finds an active person, else NotFound "fault.not_found".
func (d *Directory) ByID(ctx context.Context, id int64) (*Staff, error) {
	s, err := d.byID(ctx, id)
	if err != nil {
		return nil, err
	}
	if s == nil || !s.Active {
		return nil, fault.New(fault.NotFound, "fault.not_found")
	}
	return s, nil
}

// NewPassword makes a password for a person to be given once: four groups of
// letters and digits, 80 bits.
func NewPassword() string {
	text := strings.ToLower(rand.Text())
	return text[:4] + "-" + text[4:8] + "-" + text[8:12] + "-" + text[12:16]
}

func (d *Directory) hash(ctx context.Context, password string) (string, error) {
	switch n := utf8.RuneCountInString(password); {
	case n < MinPassword:
		e := fault.BadField("password", "fault.password_short", nil)
		e.Fields[0].Args = map[string]any{"min": MinPassword}
		return "", e
	case len(password) > maxPassword:
		e := fault.BadField("password", "fault.password_long", nil)
		e.Fields[0].Args = map[string]any{"max": maxPassword}
		return "", e
	}
	if err := d.enter(ctx); err != nil {
		return "", err
	}
	defer d.leave()
	hash, err := argon2id.CreateHash(password, hashing)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return hash, nil
}

func (d *Directory) enter(ctx context.Context) error {
	select {
	case d.hashes <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (d *Directory) leave() { <-d.hashes }

// digest is how a secret of full entropy is kept: it needs no salt and no slow
// hash, since nobody can guess 128 bits.
func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

func cleanEmail(raw string) (string, error) {
	email := strings.ToLower(strings.TrimSpace(raw))
	if a, err := mail.ParseAddress(email); err != nil || a.Address != email {
		return "", fault.BadField("email", "fault.email", raw)
	}
	return email, nil
}
