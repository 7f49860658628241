package notify_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"neuvo/internal/db"
	"neuvo/internal/dbtest"
	"neuvo/notify"
)

// crashDSN and crashLog in the environment make the test binary a process that
// queues and sends until it is killed.
const (
	crashDSN = "NEUVO_TEST_CRASH_DSN"
	crashLog = "NEUVO_TEST_CRASH_LOG"
)

func TestMain(m *testing.M) {
	if dsn := os.Getenv(crashDSN); dsn != "" {
		fmt.Fprintln(os.Stderr, sendForEver(dsn, os.Getenv(crashLog)))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// ledger is the far side of a gateway that outlives the process: a file with
// one line for each text taken over.
type ledger struct{ file *os.File }

func openLedger(path string) (ledger, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	return ledger{f}, err
}

func (ledger) Name() string            { return "ledger" }
func (ledger) Channel() notify.Channel { return notify.SMS }

func (l ledger) Send(_ context.Context, e notify.Envelope) (notify.Sent, error) {
	_, err := fmt.Fprintf(l.file, "%s %s %s\n", e.ClientRef, e.MessageID, e.To)
	return notify.Sent{}, err
}

// sendForEver is one life of the program that is going to be killed.
func sendForEver(dsn, path string) error {
	ctx := context.Background()
	d, err := db.Open(ctx, db.Options{DSN: dsn})
	if err != nil {
		return err
	}
	out, err := openLedger(path)
	if err != nil {
		return err
	}
	n := notify.New(d, notify.Options{Routes: []notify.Route{{Gateway: out}}, MailDomain: "neuvo.test", Concurrency: 4})
	go func() { _ = n.Run(ctx) }()
	for i := 0; ; i++ {
		if i%20 == 0 { // the work of a life is sending, not queueing
			if _, err := n.SendDue(ctx); err != nil {
				return err
			}
		}
		o := text("hello")
		// Each life writes to other people: those whose text was cut short have to
		// wait until the dead sender's claim lapses.
		o.To = fmt.Sprintf("+35840%d%d", os.Getpid(), i%7)
		if err := d.Tx(ctx, func(ctx context.Context) error { _, err := n.Send(ctx, o); return err }); err != nil {
			return err
		}
	}
}

func TestKillingTheProgramAtAnyMomentLosesNoText(t *testing.T) {
	for engine, dsn := range map[string]func() string{
		"sqlite": func() string {
			path := t.TempDir() + "/crash.db"
			d := dbtest.Open(t, path)
			if _, err := d.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			return path
		},
		"postgres": func() string { return dbtest.PostgresDSN(t) },
	} {
		t.Run(engine, func(t *testing.T) {
			path, dsn := t.TempDir()+"/ledger", dsn()
			const lives = 5
			for life := range lives {
				liveAndDie(t, dsn, path, 15*(life+1))
			}
			later := time.Now()
			d := dbtest.Open(t, dsn, dbtest.Clock(func() time.Time { return later }))
			out, err := openLedger(path)
			if err != nil {
				t.Fatal(err)
			}
			n := notify.New(d, notify.Options{Routes: []notify.Route{{Gateway: out}}, MailDomain: "neuvo.test", Log: slog.New(slog.DiscardHandler)})
			for range 4 { // claims lapse, then the grace time passes
				later = later.Add(5 * time.Minute)
				if _, err := n.SendDue(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			everyTextWentOut(t, d, path, lives)
		})
	}
}

// liveAndDie starts the program and kills it once the ledger has grown by some
// lines: somewhere in the middle of its work.
func liveAndDie(t *testing.T, dsn, path string, lines int) {
	t.Helper()
	before := len(ledgerLines(t, path))
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashDSN+"="+dsn, crashLog+"="+path)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for len(ledgerLines(t, path)) < before+lines {
		select {
		case <-tick.C:
		case <-deadline:
			t.Error("the program sends nothing")
			lines = -before
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

func ledgerLines(t *testing.T, path string) []string {
	t.Helper()
	f, err := os.Open(path)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var lines []string
	for s := bufio.NewScanner(f); s.Scan(); {
		lines = append(lines, s.Text())
	}
	return lines
}

// everyTextWentOut holds what is stored against what the gateway got.
func everyTextWentOut(t *testing.T, d *db.DB, path string, lives int) {
	t.Helper()
	times, ids, newest := map[string]int{}, map[string]string{}, map[string]int{}
	twice := 0
	for _, line := range ledgerLines(t, path) {
		part := strings.Fields(line)
		if len(part) != 3 {
			t.Fatalf("ledger line %q", line)
		}
		ref, id, recipient := part[0], part[1], part[2]
		if ids[ref] != "" && ids[ref] != id {
			t.Errorf("%s went out as %s and as %s", ref, ids[ref], id)
		}
		if times[ref]++; times[ref] > 1 {
			twice++
		} else {
			var number int
			_, _ = fmt.Sscanf(ref, "m%d", &number)
			if number < newest[recipient] {
				t.Errorf("%s got %s after m%d", recipient, ref, newest[recipient])
			}
			newest[recipient] = number
		}
		ids[ref] = id
	}
	var rows []notify.Message
	if err := d.In(t.Context()).Find(&rows).Error; err != nil {
		t.Fatal(err)
	}
	for _, m := range rows {
		if m.State != notify.Accepted || times[fmt.Sprintf("m%d", m.ID)] == 0 {
			t.Errorf("message %d is %s and went out %d times", m.ID, m.State, times[fmt.Sprintf("m%d", m.ID)])
		}
	}
	if twice > lives*4 {
		t.Errorf("%d texts went out twice after %d crashes with 4 calls at once", twice, lives)
	}
	t.Logf("%d texts, %d of them twice", len(rows), twice)
}
