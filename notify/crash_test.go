package notify_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"neuvo/internal/db"
	"neuvo/internal/dbtest"
	"neuvo/notify"
)

// crashDSN, crashLog and crashAsk in the environment make the test binary a
// process that sends what is due until it is killed.
const (
	crashDSN = "NEUVO_TEST_CRASH_DSN"
	crashLog = "NEUVO_TEST_CRASH_LOG"
	crashAsk = "NEUVO_TEST_CRASH_ASK"
	// crashes in the environment is how often the sender is killed, a thousand
	// texts each (make torture: 200).
	crashes = "NEUVO_TEST_CRASHES"
)

func TestMain(m *testing.M) {
	if dsn := os.Getenv(crashDSN); dsn != "" {
		fmt.Fprintln(os.Stderr, sendForEver(dsn, os.Getenv(crashLog), os.Getenv(crashAsk) != ""))
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

func newIndex(path string) *index { return &index{path: path, refs: map[string]int{}} }

func (ledger) Name() string            { return "ledger" }
func (ledger) Channel() notify.Channel { return notify.SMS }

func (l ledger) Send(_ context.Context, e notify.Envelope) (notify.Sent, error) {
	_, err := fmt.Fprintf(l.file, "%s %s\n", e.ClientRef, e.To)
	return notify.Sent{ID: "l-" + e.ClientRef}, err
}

// openBook is a ledger that can be asked what stands in it.
type openBook struct {
	ledger
	index *index
}

func (b openBook) Ask(_ context.Context, e notify.Envelope, _ time.Time) (notify.Report, bool, error) {
	times, err := b.index.times(e.ClientRef)
	return notify.Report{GatewayID: "l-" + e.ClientRef, State: notify.Accepted}, times > 0, err
}

// index knows what stands in a ledger that another process may be writing. It
// reads every line once.
type index struct {
	path string

	mu    sync.Mutex
	bytes int64
	lines []string // "m42 +358401234567"
	refs  map[string]int
}

// update reads what is new, as far as it is whole. Its caller holds mu.
func (x *index) update() error {
	file, err := os.Open(x.path)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := file.Seek(x.bytes, io.SeekStart); err != nil {
		return err
	}
	fresh, err := io.ReadAll(file)
	if err != nil {
		return err
	}
	fresh = fresh[:bytes.LastIndexByte(fresh, '\n')+1]
	x.bytes += int64(len(fresh))
	for line := range strings.Lines(string(fresh)) {
		line = strings.TrimSuffix(line, "\n")
		ref, _, _ := strings.Cut(line, " ")
		x.lines = append(x.lines, line)
		x.refs[ref]++
	}
	return nil
}

// times is how often a text was taken over.
func (x *index) times(ref string) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	err := x.update()
	return x.refs[ref], err
}

// all gives the lines so far.
func (x *index) all() ([]string, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	err := x.update()
	return x.lines, err
}

func crashRoute(l ledger, asks bool) []notify.Route {
	if asks {
		return []notify.Route{{Gateway: openBook{l, newIndex(l.file.Name())}}}
	}
	return []notify.Route{{Gateway: l}}
}

// sendForEver is one life of the program that is going to be killed.
func sendForEver(dsn, path string, asks bool) error {
	ctx := context.Background()
	d, err := db.Open(ctx, db.Options{DSN: dsn})
	if err != nil {
		return err
	}
	out, err := openLedger(path)
	if err != nil {
		return err
	}
	return notify.New(d, notify.Options{Routes: crashRoute(out, asks), MailDomain: "neuvo.test"}).Run(ctx)
}

func TestKillingTheSenderAtAnyMomentLosesNoTextAndSendsNoneTwice(t *testing.T) {
	kills, texts := 3, 200
	if n, err := strconv.Atoi(os.Getenv(crashes)); err == nil {
		kills, texts = n, 1000
	}
	for engine, dsn := range map[string]func(t testing.TB) string{
		"sqlite": func(t testing.TB) string {
			path := t.TempDir() + "/crash.db"
			d := dbtest.Open(t, path)
			if _, err := d.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			return path
		},
		"postgres": dbtest.PostgresDSN,
	} {
		for _, asks := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, a gateway that can be asked: %t", engine, asks), func(t *testing.T) {
				c := newCrash(t, dsn(t), asks)
				for life := range kills {
					c.queue(life, texts)
					c.liveAndDie(rand.IntN(texts * 9 / 10))
				}
				c.recover()
				c.check(kills, texts)
			})
		}
	}
}

// crash is one torture: a database, a gateway that counts, and a sender that dies.
type crash struct {
	t         *testing.T
	db        *db.DB
	dsn, path string
	asks      bool
	now       time.Time
	n         *notify.Notifier
	index     *index
	told      int
}

func newCrash(t *testing.T, dsn string, asks bool) *crash {
	c := &crash{t: t, dsn: dsn, asks: asks, path: t.TempDir() + "/ledger", now: time.Now()}
	c.db = dbtest.Open(t, dsn, dbtest.Clock(func() time.Time { return c.now }))
	out, err := openLedger(c.path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { out.file.Close() })
	c.index = newIndex(c.path)
	c.n = notify.New(c.db, notify.Options{Routes: crashRoute(out, asks), MailDomain: "neuvo.test", Log: slog.New(slog.DiscardHandler)})
	c.n.OnFailure(func(context.Context, string, notify.Message) error { c.told++; return nil })
	return c
}

// queue asks for texts, five to each of the customers of a life: those whose text
// was cut short wait until the dead sender's claim lapses.
func (c *crash) queue(life, texts int) {
	c.t.Helper()
	c.now = time.Now()
	err := c.db.Tx(c.t.Context(), func(ctx context.Context) error {
		outs := make([]notify.Outgoing, texts)
		for i := range outs {
			outs[i] = text(fmt.Sprintf("text %d", i))
			outs[i].Subject, outs[i].To = fmt.Sprintf("job:%d", life+1), fmt.Sprintf("+35840%04d%04d", life, i%(texts/5))
		}
		for part := range slices.Chunk(outs, 100) { // an INSERT binds only so many values
			if _, err := c.n.SendAll(ctx, part...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

// liveAndDie starts the sender and kills it once the gateway has got some more
// texts: somewhere in the middle of its work.
func (c *crash) liveAndDie(lines int) {
	c.t.Helper()
	before := c.lines()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashDSN+"="+c.dsn, crashLog+"="+c.path)
	if c.asks {
		cmd.Env = append(cmd.Env, crashAsk+"=1")
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	tick := time.NewTicker(500 * time.Microsecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for c.lines() <= before+lines {
		select {
		case <-tick.C:
		case <-deadline:
			c.t.Error("the sender sends nothing")
			lines = -before - 1
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

// lines is how many texts the gateway has got.
func (c *crash) lines() int {
	lines, err := c.index.all()
	if err != nil {
		c.t.Fatal(err)
	}
	return len(lines)
}

// recover lets claims lapse, gateways be asked and grace times pass.
func (c *crash) recover() {
	c.t.Helper()
	for range 12 {
		c.now = c.now.Add(3 * time.Minute)
		if _, err := c.n.SendDue(c.t.Context()); err != nil {
			c.t.Fatal(err)
		}
	}
}

// check holds what is stored against what the gateway got.
func (c *crash) check(kills, texts int) {
	c.t.Helper()
	times, newest := map[string]int{}, map[string]int{}
	lines, err := c.index.all()
	if err != nil {
		c.t.Fatal(err)
	}
	for _, line := range lines {
		ref, recipient, ok := strings.Cut(line, " ")
		number, err := strconv.Atoi(strings.TrimPrefix(ref, "m"))
		if !ok || err != nil {
			c.t.Fatalf("ledger line %q", line)
		}
		if times[ref]++; times[ref] > 1 {
			c.t.Errorf("%s went out %d times", ref, times[ref])
		}
		if number < newest[recipient] {
			c.t.Errorf("%s got %s after m%d", recipient, ref, newest[recipient])
		}
		newest[recipient] = number
	}
	var rows []notify.Message
	if err := c.db.In(c.t.Context()).Find(&rows).Error; err != nil {
		c.t.Fatal(err)
	}
	shown := c.shown()
	unknown, arrived := 0, 0
	for _, m := range rows {
		went := times[fmt.Sprintf("m%d", m.ID)]
		switch {
		case m.State == notify.Accepted && went == 1:
		case m.State == notify.Unknown && !c.asks && shown[m.ID]:
			unknown++
			arrived += went
		default:
			c.t.Errorf("message %d is %s and went out %d times", m.ID, m.State, went)
		}
	}
	if len(rows) != kills*texts || c.told != unknown {
		c.t.Errorf("%d of %d texts are there, people were told of %d", len(rows), kills*texts, c.told)
	}
	// Besides the calls under way, a sender notes what it is about to send within
	// some milliseconds.
	if unknown > kills*300 {
		c.t.Errorf("%d are unknown after %d kills", unknown, kills)
	}
	c.t.Logf("%d kills, %d texts, none lost, none twice; %d unknown and shown, of which %d had gone", kills, len(rows), unknown, arrived)
}

// shown are the messages that the desk sees as not arrived.
func (c *crash) shown() map[int64]bool {
	c.t.Helper()
	shown, cursor := map[int64]bool{}, ""
	for {
		rows, next, err := c.n.Undelivered(c.t.Context(), 200, cursor)
		if err != nil {
			c.t.Fatal(err)
		}
		for _, m := range rows {
			shown[m.ID] = true
		}
		if cursor = next; cursor == "" {
			return shown
		}
	}
}
