package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"neuvo/internal/db"
	"neuvo/internal/dbtest"
)

// neuvo runs the program's command line.
func neuvo(t *testing.T, args ...string) (code int, out, said string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), args, streams{strings.NewReader(""), &o, &e})
	return code, o.String(), e.String()
}

// healthy is a server that answers as neuvo serve does, with a clock.
func healthy(t *testing.T, clock func() time.Time) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Date", clock().UTC().Format(http.TimeFormat))
		_, _ = w.Write([]byte("ok\n"))
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// stocked is a migrated database with the test's workshop and staff.
func stocked(t *testing.T, dsn string) {
	t.Helper()
	for _, args := range [][]string{{"migrate", "--database", dsn}, {"import", "--database", dsn, "testdata/catalogue.yaml"}} {
		if code, _, said := neuvo(t, args...); code != 0 {
			t.Fatalf("%v: %s", args, said)
		}
	}
}

func TestTheDoctorFindsAHealthyProgramHealthy(t *testing.T) {
	for engine, dsn := range engines {
		t.Run(engine, func(t *testing.T) {
			d, mail := dsn(t), newInProcess(t, time.Now)
			stocked(t, d)
			code, out, said := neuvo(t, "doctor", "--database", d, "--smtp", mail.smtpURL(), "--imap", mail.imapURL(),
				"--reply-address", "{token}@"+replyDomain, "--sms-address", "{digits}@"+smsDomain, "--base-url", healthy(t, time.Now))
			if code != 0 || said != "" || strings.Contains(out, "mend") {
				t.Errorf("%d\n%s%s", code, out, said)
			}
			if n := strings.Count(out, "\nok "); n < 8 {
				t.Errorf("only %d checks are ok:\n%s", n, out)
			}
			if engine == "postgres" && !strings.Contains(out, "the database") {
				t.Errorf("the database's clock was not looked at:\n%s", out)
			}
		})
	}
}

func TestTheDoctorSaysWhatToMend(t *testing.T) {
	mail := newInProcess(t, time.Now)
	file := filepath.Join(t.TempDir(), "neuvo.db")
	stocked(t, file)
	empty := filepath.Join(t.TempDir(), "empty.db")
	if code, _, said := neuvo(t, "migrate", "--database", empty); code != 0 {
		t.Fatal(said)
	}
	absent := filepath.Join(t.TempDir(), "absent.db")
	strange := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(strange.Close)
	good := map[string]string{
		"database": file, "smtp": mail.smtpURL(), "imap": mail.imapURL(), "base-url": healthy(t, time.Now),
		"reply-address": "{token}@" + replyDomain, "sms-address": "{digits}@" + smsDomain,
	}
	for _, c := range []struct{ name, flag, value, want string }{
		{"a database that is not there", "database", absent, `mend +database +.*neuvo migrate`},
		{"a desk with nothing to book", "database", empty, `mend +desk +.*neuvo import`},
		{"nobody who may manage", "database", empty, `mend +staff +.*neuvo staff add`},
		{"no mail server", "smtp", "smtp://127.0.0.1:1?tls=none", `mend +smtp +\S+`},
		{"a wrong address of one", "smtp", "http://mail.example.com", `mend +settings +.*smtp`},
		{"no mailbox server", "imap", "imap://anna:secret-word@127.0.0.1:1?tls=none", `mend +imap +\S+`},
		{"no such mailbox", "mailbox", "Nowhere", `mend +imap +.*Nowhere`},
		{"a pattern without a token", "reply-address", "desk@example.com", `mend +reply-address +.*\{token\}`},
		{"texts to ourselves", "sms-address", "{digits}@" + replyDomain, `mend +sms-address +`},
		{"another program at our address", "base-url", strange.URL, `mend +base-url +.*reverse proxy`},
		{"a clock that is wrong", "base-url", healthy(t, func() time.Time { return time.Now().Add(time.Hour) }), `mend +clock +.*NTP`},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := []string{"doctor"}
			for flag, value := range good {
				if flag != c.flag {
					args = append(args, "--"+flag, value)
				}
			}
			code, out, said := neuvo(t, append(args, "--"+c.flag, c.value)...)
			if code != 1 || !regexp.MustCompile(`(?m)^`+c.want).MatchString(out) {
				t.Errorf("%d\n%s%s", code, out, said)
			}
			if strings.Contains(out+said, "secret-word") {
				t.Errorf("a password is shown:\n%s%s", out, said)
			}
		})
	}
	if _, err := os.Stat(absent); err == nil {
		t.Error("looking has made a database")
	}
	t.Run("senders", func(t *testing.T) { senderFindings(t, good) })
	t.Run("a server that is not running yet is no illness", func(t *testing.T) {
		args := []string{"doctor"}
		for flag, value := range good {
			if flag == "base-url" {
				value = "http://127.0.0.1:1"
			}
			args = append(args, "--"+flag, value)
		}
		if code, out, _ := neuvo(t, args...); code != 0 || !strings.Contains(out, "note  base-url") {
			t.Errorf("%d\n%s", code, out)
		}
	})
}

func TestABackupHoldsEverythingAndOverwritesNothing(t *testing.T) {
	for engine, dsn := range engines {
		t.Run(engine, func(t *testing.T) {
			d, file := dsn(t), filepath.Join(t.TempDir(), "neuvo.backup")
			stocked(t, d)
			want := rowsOf(t, d)
			code, out, said := neuvo(t, "backup", "--database", d, file)
			if code != 0 || !strings.Contains(out, "To restore it:") || !strings.Contains(out, file) {
				t.Fatalf("%d\n%s%s", code, out, said)
			}
			info, err := os.Stat(file)
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%v, %v", info, err)
			}
			if beside, err := os.ReadDir(filepath.Dir(file)); err != nil || len(beside) != 1 {
				t.Errorf("left behind: %v, %v", beside, err)
			}
			before, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if code, _, said := neuvo(t, "backup", "--database", d, file); code != 1 || !strings.Contains(said, "exists already") {
				t.Errorf("%d %s", code, said)
			}
			if after, err := os.ReadFile(file); err != nil || !bytes.Equal(before, after) {
				t.Error("the first backup has changed")
			}
			if got := restored(t, d, file); got != want {
				t.Errorf("restored %s, stored %s", got, want)
			}
		})
	}
	code, _, said := neuvo(t, "backup", "--database", filepath.Join(t.TempDir(), "absent.db"), filepath.Join(t.TempDir(), "x"))
	if code != 1 || !strings.Contains(said, "There is no database at") {
		t.Errorf("%d %s", code, said)
	}
}

func TestWithoutPgDumpTheBackupSaysWhatToInstall(t *testing.T) {
	dsn := dbtest.PostgresDSN(t)
	t.Setenv("PATH", t.TempDir())
	file := filepath.Join(t.TempDir(), "x")
	code, _, said := neuvo(t, "backup", "--database", dsn, file)
	if _, err := os.Stat(file); code != 1 || !strings.Contains(said, "postgresql-client") || err == nil {
		t.Errorf("%d %s %v", code, said, err)
	}
}

// rowsOf is what a database holds that a backup must bring back.
func rowsOf(t *testing.T, dsn string) string {
	t.Helper()
	d := dbtest.Open(t, dsn)
	var all string
	query := `SELECT (SELECT MAX(value) FROM settings) || ' ' || (SELECT COUNT(*) FROM services) || ' ' || (SELECT MAX(name) FROM advisors)
		|| ' ' || (SELECT MAX(password_hash) FROM staff) || ' ' || (SELECT SUM(from_minute * id) FROM hours)`
	if _, err := d.Secret(t.Context(), "address"); err != nil {
		t.Fatal(err)
	}
	if err := d.In(t.Context()).Raw(query).Row().Scan(&all); err != nil {
		t.Fatal(err)
	}
	return all
}

// restored puts a backup where a new program would find it and tells what is in
// it.
func restored(t *testing.T, dsn, file string) string {
	t.Helper()
	if db.IsFile(dsn) {
		return rowsOf(t, file)
	}
	fresh := dbtest.PostgresDSN(t)
	out, err := exec.Command("pg_restore", "--no-owner", "--clean", "--if-exists", "--exit-on-error", "--dbname="+fresh, file).CombinedOutput()
	if err != nil {
		t.Fatalf("pg_restore: %v: %s", err, out)
	}
	return rowsOf(t, fresh)
}
