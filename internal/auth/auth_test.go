package auth_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"neuvo/internal/auth"
	"neuvo/internal/db"
	"neuvo/internal/dbtest"
	"neuvo/internal/fault"
)

const password = "hyvä salasana 1"

// clock is a time that a test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)} }

func add(t *testing.T, dir *auth.Directory, in auth.NewStaff) *auth.Staff {
	t.Helper()
	s, err := dir.Add(t.Context(), in)
	if err != nil {
		t.Fatalf("add %s: %v", in.Email, err)
	}
	return s
}

var sanna = auth.NewStaff{Email: " Sanna@Example.com", Name: "Sanna Niemi", Role: auth.Advisor, Password: password, Locale: "fi", WorkshopID: 1, AdvisorID: 3}

func TestStaffSignInWithTheirOwnPasswordOnly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		dir := auth.New(d)
		added := add(t, dir, sanna)
		add(t, dir, auth.NewStaff{Email: "token@example.com", Name: "A Script", Role: auth.Manager})
		for _, c := range []struct {
			name, email, password string
			ok                    bool
		}{
			{"the right password is taken", "sanna@example.com", password, true},
			{"case and blanks of the e-mail do not matter", " SANNA@example.COM ", password, true},
			{"a wrong password is refused", "sanna@example.com", password + "x", false},
			{"an empty password is refused", "sanna@example.com", "", false},
			{"an endless password is refused", "sanna@example.com", strings.Repeat("x", 1<<16), false},
			{"an unknown e-mail is refused", "nobody@example.com", password, false},
			{"one who has no password is refused", "token@example.com", "", false},
		} {
			t.Run(c.name, func(t *testing.T) {
				got, err := dir.SignIn(t.Context(), c.email, c.password)
				switch {
				case c.ok && (err != nil || got.ID != added.ID):
					t.Errorf("got %v, %v; want %d", got, err, added.ID)
				case !c.ok && !isKey(err, fault.Unauthorized, "fault.sign_in"):
					t.Errorf("got %v, %v; want fault.sign_in", got, err)
				}
			})
		}
	})
}

func TestAnUnknownEMailCostsTheSameWork(t *testing.T) {
	dir := auth.New(dbtest.SQLite(t))
	add(t, dir, sanna)
	spent := func(email string) time.Duration {
		best := time.Hour
		for range 5 {
			began := time.Now()
			if _, err := dir.SignIn(t.Context(), email, "wrong password"); err == nil {
				t.Fatal("a wrong password was taken")
			}
			best = min(best, time.Since(began))
		}
		return best
	}
	known, unknown := spent("sanna@example.com"), spent("nobody@example.com")
	if unknown < known/3 {
		t.Errorf("an unknown e-mail took %v, a known one %v", unknown, known)
	}
}

func TestAddRefusesWhatCannotBe(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		dir := auth.New(d)
		add(t, dir, sanna)
		for _, c := range []struct {
			name  string
			spoil func(*auth.NewStaff)
			field string
		}{
			{"an e-mail that is none", func(s *auth.NewStaff) { s.Email = "sanna" }, "email"},
			{"an e-mail with a name", func(s *auth.NewStaff) { s.Email = "Sanna <s@example.com>" }, "email"},
			{"no name", func(s *auth.NewStaff) { s.Name = "  " }, "name"},
			{"an unknown role", func(s *auth.NewStaff) { s.Role = "king" }, "role"},
			{"an unknown language", func(s *auth.NewStaff) { s.Locale = "de" }, "locale"},
			{"a short password", func(s *auth.NewStaff) { s.Password = "123456789" }, "password"},
			{"an endless password", func(s *auth.NewStaff) { s.Password = strings.Repeat("x", 300) }, "password"},
		} {
			t.Run(c.name, func(t *testing.T) {
				in := sanna
				in.Email = "other@example.com"
				c.spoil(&in)
				_, err := dir.Add(t.Context(), in)
				f, ok := errors.AsType[*fault.Error](err)
				if !ok || len(f.Fields) != 1 || f.Fields[0].Location != c.field {
					t.Errorf("got %v, want the field %s", err, c.field)
				}
			})
		}
		if _, err := dir.Add(t.Context(), sanna); !isKey(err, fault.Conflict, "fault.staff_exists") {
			t.Errorf("the same e-mail twice: %v", err)
		}
		if all, err := dir.List(t.Context()); err != nil || len(all) != 1 {
			t.Errorf("list: %v, %v", all, err)
		}
	})
}

func TestATokenIsKeptAsADigestAndItsUseIsNotedSparingly(t *testing.T) {
	clock := newClock()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		dir := auth.New(d)
		added := add(t, dir, sanna)
		token, err := dir.IssueToken(t.Context(), "sanna@example.com")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := dir.IssueToken(t.Context(), "nobody@example.com"); !isKey(err, fault.NotFound, "fault.staff_unknown") {
			t.Errorf("a token for nobody: %v", err)
		}
		used := func() db.Time {
			t.Helper()
			if got, err := dir.ByToken(t.Context(), token); err != nil || got.ID != added.ID {
				t.Fatalf("by token: %v, %v", got, err)
			}
			var rows []auth.Token
			if err := d.In(t.Context()).Find(&rows).Error; err != nil || len(rows) != 1 {
				t.Fatalf("tokens: %v, %v", rows, err)
			}
			if strings.Contains(rows[0].Hash, token) || len(rows[0].Hash) != 64 {
				t.Errorf("the token is kept as %q", rows[0].Hash)
			}
			return rows[0].LastUsedAt
		}
		first := used()
		clock.advance(time.Minute)
		if again := used(); !again.Equal(first.Time) {
			t.Errorf("used again after a minute: noted %v, before %v", again, first)
		}
		clock.advance(time.Hour)
		if later := used(); !later.Equal(clock.now()) {
			t.Errorf("used an hour later: noted %v, want %v", later, clock.now())
		}
		for _, wrong := range []string{"", token + "A", token[:len(token)-1], strings.ToLower(token)} {
			if _, err := dir.ByToken(t.Context(), wrong); !isKey(err, fault.Unauthorized, "fault.token") {
				t.Errorf("token %q: %v", wrong, err)
			}
		}
	}, dbtest.Clock(clock.now))
}

func TestWhoHasLeftIsNobody(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		dir := auth.New(d)
		added := add(t, dir, sanna)
		token, err := dir.IssueToken(t.Context(), added.Email)
		if err != nil {
			t.Fatal(err)
		}
		err = d.Tx(t.Context(), func(ctx context.Context) error {
			return d.In(ctx).Exec("UPDATE staff SET active = FALSE WHERE id = ?", added.ID).Error
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := dir.SignIn(t.Context(), added.Email, password); !isKey(err, fault.Unauthorized, "fault.sign_in") {
			t.Errorf("sign in: %v", err)
		}
		if _, err := dir.ByToken(t.Context(), token); !isKey(err, fault.Unauthorized, "fault.token") {
			t.Errorf("by token: %v", err)
		}
		if _, err := dir.ByID(t.Context(), added.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("by id: %v", err)
		}
		if added.Active = false; added.Can(auth.ActDesk) {
			t.Error("may still work at the desk")
		}
	})
}

func TestSessionsEndAndArePurged(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		dir := auth.New(d)
		store, ctx := dir.SessionStore(), t.Context()
		if err := store.CommitCtx(ctx, "live", []byte("one"), time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if err := store.CommitCtx(ctx, "live", []byte("two"), time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if err := store.CommitCtx(ctx, "over", []byte("x"), time.Now().Add(-time.Second)); err != nil {
			t.Fatal(err)
		}
		if data, found, err := store.FindCtx(ctx, "live"); err != nil || !found || string(data) != "two" {
			t.Errorf("live session: %q, %v, %v", data, found, err)
		}
		if _, found, err := store.FindCtx(ctx, "over"); err != nil || found {
			t.Errorf("session that is over: %v, %v", found, err)
		}
		if n, err := dir.PurgeSessions(ctx); err != nil || n != 1 {
			t.Errorf("purged %d, %v", n, err)
		}
		if err := errors.Join(store.DeleteCtx(ctx, "live"), store.DeleteCtx(ctx, "never was")); err != nil {
			t.Error(err)
		}
		if _, found, err := store.FindCtx(ctx, "live"); err != nil || found {
			t.Errorf("deleted session: %v, %v", found, err)
		}
	})
}

func TestRolesAllowWhatTheySay(t *testing.T) {
	for _, c := range []struct {
		role                auth.Role
		desk, manage, admin bool
	}{{auth.Advisor, true, false, false}, {auth.Manager, true, true, false}, {auth.Admin, true, true, true}, {"other", false, false, false}} {
		s := &auth.Staff{Role: c.role, Active: true}
		if s.Can("desk") != c.desk || s.Can("manage") != c.manage || s.Can("admin") != c.admin || s.Can("fly") {
			t.Errorf("%s may do the wrong things", c.role)
		}
	}
	var nobody *auth.Staff
	if nobody.Can("desk") || nobody.Sees(1) {
		t.Error("nobody may do something")
	}
}

func isKey(err error, kind fault.Kind, key string) bool {
	f, ok := errors.AsType[*fault.Error](err)
	return ok && f.Kind == kind && f.Key == key
}
