package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"neuvo/internal/db"
	"neuvo/notify"
)

func TestTwoProcessesDoNotShareASQLiteDirectory(t *testing.T) {
	b := newBed(t, engines["sqlite"](t), newInProcess)
	dsn := b.app.settings.Database
	var said bytes.Buffer
	code := run(t.Context(), []string{"demo", "--addr", "127.0.0.1:0", "--data", filepath.Dir(dsn)}, streams{strings.NewReader(""), &said, &said})
	if code != 1 || strings.Count(said.String(), "\n") != 1 || !strings.Contains(said.String(), "is in use by another neuvo") {
		t.Errorf("%d: %s", code, said.String())
	}
	if _, err := newApp(t.Context(), appOptions{settings: b.app.settings, log: slog.New(slog.DiscardHandler), now: b.now}); err == nil {
		t.Error("a second serve started")
	}
	if err := b.app.Close(); err != nil {
		t.Fatal(err)
	}
	held, err := lockData(dsn)
	if err != nil {
		t.Fatalf("the lock outlives its process: %v", err)
	}
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	if held, err := lockData("postgres://localhost/neuvo"); held != nil || err != nil {
		t.Errorf("PostgreSQL is shared: %v %v", held, err)
	}
}

func TestADatabaseIsReadByItsOwnerOnly(t *testing.T) {
	dsn := filepath.Join(t.TempDir(), "data", "neuvo.db")
	stocked(t, dsn)
	for _, name := range []string{dsn, filepath.Dir(dsn)} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode&0o077 != 0 {
			t.Errorf("%s is open to others: %o", name, mode)
		}
	}
}

func TestStaffCommandsSayWhatIsWrongInOneSentence(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "nowhere", "neuvo.db")
	for _, args := range [][]string{
		{"staff", "list", "--database", missing},
		{"staff", "token", "--database", missing, "a@example.com"},
		{"explain", "mail", "--database", missing, "x.eml"},
	} {
		code, _, said := neuvo(t, args...)
		if code == 0 || strings.Count(said, "\n") != 1 || !strings.Contains(said, "There is no database at "+missing) {
			t.Errorf("%v: %d %s", args, code, said)
		}
	}
	if _, err := os.Stat(filepath.Dir(missing)); !os.IsNotExist(err) {
		t.Errorf("something was created: %v", err)
	}
	dsn := filepath.Join(dir, "neuvo.db")
	stocked(t, dsn)
	add := []string{"staff", "add", "--database", dsn, "new@example.com", "--name", "Nea New"}
	if code, _, said := neuvo(t, add...); code != 0 {
		t.Fatal(said)
	}
	code, _, said := neuvo(t, add...)
	if code != 1 || strings.Count(said, "\n") != 1 || strings.Contains(said, "INSERT") || strings.Contains(said, "duplicate") {
		t.Errorf("%d %s", code, said)
	}
}

func TestExplainMailForeseesTheJobOrTheReason(t *testing.T) {
	b := newBed(t, engines["sqlite"](t), newInProcess)
	job := b.books("Annual service", "Satu Salo", "2026-11-25T09:00:00+02:00", "ABC-123")
	b.settles()
	key, err := b.app.db.Secret(t.Context(), "address")
	if err != nil {
		t.Fatal(err)
	}
	addresses, err := notify.NewAddresses("{token}@"+replyDomain, key)
	if err != nil {
		t.Fatal(err)
	}
	mine, err := b.app.notifier.Open(t.Context(), "job:"+job["id"].(string))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := func(name, to string) string {
		path := filepath.Join(dir, name)
		raw := "From: Liisa <liisa@example.com>\r\nTo: " + to + "\r\nSubject: Hei\r\nMessage-ID: <" + name + "@example.com>\r\n\r\nKiitos!\r\n"
		if err := os.WriteFile(path, []byte(raw), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	before := tally(t, b.app.db)
	_, out, said := neuvo(t, "explain", "mail", "--database", b.app.settings.Database, "--reply-address", "{token}@"+replyDomain,
		file("placed", addresses.For(mine.ID)), file("lost", "info@example.com"))
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 2 {
		t.Fatalf("%q %s", out, said)
	}
	var placed, lost map[string]any
	for i, v := range []*map[string]any{&placed, &lost} {
		if err := json.Unmarshal([]byte(lines[i]), v); err != nil {
			t.Fatal(err)
		}
	}
	if placed["job_id"] != job["id"] || placed["reference"] != job["reference"] || placed["rule"] != notify.RuleAddress || placed["triage"] != nil {
		t.Errorf("placed: %s", lines[0])
	}
	if lost["triage"] != notify.ReasonNoSignal || lost["job_id"] != nil {
		t.Errorf("lost: %s", lines[1])
	}
	if after := tally(t, b.app.db); after != before {
		t.Errorf("explaining stored something: %d rows, were %d", after, before)
	}
}

func TestExplainTextForeseesTheJobTheQuestionOrTheReason(t *testing.T) {
	b := newBed(t, engines["sqlite"](t), newInProcess)
	only := b.books("Annual service", "Satu Salo", "2026-11-25T09:00:00+02:00", "ABC-123")
	b.settles()
	const phone = "+358401234567"
	file := filepath.Join(t.TempDir(), "texts")
	lines := phone + "\tSopii hyvin\n\n+358401119999\tKuka te olette?\n" + phone + "\tSTOP\n" + phone + "\tGillade ”ett sms som vi aldrig skrev”\n"
	if err := os.WriteFile(file, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	before := tally(t, b.app.db)
	code, out, said := neuvo(t, "explain", "text", "--database", b.app.settings.Database, "--reply-address", "{token}@"+replyDomain, file)
	list := strings.Split(strings.TrimSpace(out), "\n")
	if code != 0 || len(list) != 4 {
		t.Fatalf("%d %q %s", code, out, said)
	}
	rows := make([]map[string]any, len(list))
	for i := range list {
		if err := json.Unmarshal([]byte(list[i]), &rows[i]); err != nil {
			t.Fatal(err)
		}
	}
	if rows[0]["job_id"] != only["id"] || rows[0]["evidence"] == nil || rows[0]["triage"] != nil {
		t.Errorf("the customer's: %s", list[0])
	}
	if rows[1]["triage"] != notify.ReasonNoSignal || rows[1]["job_id"] != nil {
		t.Errorf("a stranger's: %s", list[1])
	}
	if rows[2]["opt_out"] != "out" {
		t.Errorf("an opt-out word: %s", list[2])
	}
	if rows[3]["reaction"] != "like" || rows[3]["rule"] == notify.RuleReaction {
		t.Errorf("a mark on a text that is not ours: %s", list[3])
	}
	if after := tally(t, b.app.db); after != before {
		t.Errorf("explaining stored something: %d rows, were %d", after, before)
	}
}

// tally counts what an inbound message could leave.
func tally(t *testing.T, d *db.DB) (n int64) {
	t.Helper()
	err := d.In(t.Context()).Raw("SELECT (SELECT COUNT(*) FROM inbound) + (SELECT COUNT(*) FROM messages) + (SELECT COUNT(*) FROM job_events)").Scan(&n).Error
	if err != nil {
		t.Fatal(err)
	}
	return n
}
