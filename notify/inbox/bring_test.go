package inbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"

	"neuvo/internal/dbtest"
	"neuvo/notify"
)

// inFolder counts the messages of a folder, -1 where it does not exist.
func inFolder(t testing.TB, p *Poller, folder string) int {
	t.Helper()
	s, err := p.connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	data, err := s.client.Status(folder, &imap.StatusOptions{NumMessages: true}).Wait()
	if err != nil {
		return -1
	}
	return int(*data.NumMessages)
}

func moving(o *PollerOptions) { o.After, o.MoveTo = AfterMove, "Done" }

func TestWhatIsStoredIsMovedToAFolderThatIsMadeOnFirstUse(t *testing.T) {
	h, _ := dovecot(t)
	for name, h := range map[string]host{
		"Dovecot":                                h,
		"a server without MOVE and with UIDPLUS": memory(t, imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapUIDPlus: {}}, nil),
	} {
		t.Run(name, func(t *testing.T) {
			p := poller(t, dbtest.SQLite(t), h.url(), moving)
			for n := range 3 {
				h.deliver(t, letter(n))
			}
			poll(t, p, 3)
			h.deliver(t, letter(3))
			poll(t, p, 1)
			poll(t, p, 0)
			if here, there := inFolder(t, p, "INBOX"), inFolder(t, p, "Done"); here != 0 || there != 4 {
				t.Errorf("%d are left, %d were moved", here, there)
			}
		})
	}
}

func TestAServerWithoutMOVEAndUIDPLUSKeepsWhatItCannotExpungeAlone(t *testing.T) {
	h := memory(t, imap.CapSet{imap.CapIMAP4rev1: {}}, nil)
	p := poller(t, dbtest.SQLite(t), h.url(), moving)
	h.deliver(t, letter(1))
	poll(t, p, 1)
	poll(t, p, 0)
	if here, there := inFolder(t, p, "INBOX"), inFolder(t, p, "Done"); here != 1 || there != 1 {
		t.Errorf("%d are left, %d were copied", here, there)
	}
}

// forgetful is a session that refuses to flag so many times.
type forgetful struct {
	imapserver.Session
	times *int
}

// Store implements imapserver.Session.
func (f forgetful) Store(w *imapserver.FetchWriter, set imap.NumSet, flags *imap.StoreFlags, o *imap.StoreOptions) error {
	if *f.times > 0 {
		*f.times--
		return errors.New("not now")
	}
	return f.Session.Store(w, set, flags, o)
}

func TestWhatWasDoneAndNotNotedIsDoneAgainAtTheNextPoll(t *testing.T) {
	d := dbtest.SQLite(t)
	h := memory(t, nil, nil)
	p := poller(t, d, h.url())
	h.deliver(t, letter(1))
	h.deliver(t, letter(2))
	broken := &brokenDone{store: p.store}
	p.store = broken
	if _, err := p.Poll(t.Context()); err == nil {
		t.Error("the poll did not say that noting failed")
	}
	p.store = broken.store
	for _, want := range []int64{0, 2} {
		cursor, err := p.store.Cursor(t.Context(), p.Name())
		if err != nil || cursor.DoneUID != want || cursor.LastUID != 2 {
			t.Errorf("cursor %+v, %v, want done up to %d of 2", cursor, err, want)
		}
		poll(t, p, 0)
	}
	if n := unflagged(t, p); n != 0 {
		t.Errorf("%d are unflagged after the repair", n)
	}
	if got := states(t, d); got[notify.InTriage] != 2 || len(got) != 1 {
		t.Errorf("states %v", got)
	}
}

func TestWhatTheServerRefusedToFlagIsFlaggedLaterUnlessItIsNotStored(t *testing.T) {
	times := 2
	h := memory(t, nil, func(s imapserver.Session) imapserver.Session { return forgetful{s, &times} })
	d := dbtest.SQLite(t)
	p := poller(t, d, h.url())
	for n := range 3 {
		h.deliver(t, letter(n))
	}
	poll(t, p, 3) // refused
	h.deliver(t, letter(3))
	poll(t, p, 1) // refused, and what is new is not noted as done either
	if n := unflagged(t, p); n != 4 {
		t.Fatalf("%d are unflagged while the server refuses", n)
	}
	pool, err := d.SQL()
	if err != nil {
		t.Fatal(err)
	}
	// Number 2 as a server shows it that has kept it back until now.
	if _, err := pool.ExecContext(t.Context(), "DELETE FROM inbound WHERE uid = 2"); err != nil {
		t.Fatal(err)
	}
	poll(t, p, 0)
	if n := unflagged(t, p); n != 1 {
		t.Errorf("%d are unflagged, only the one that nobody stored should be", n)
	}
	if missing, err := p.Count(t.Context()); err != nil || missing != 1 {
		t.Errorf("%d missing, %v", missing, err)
	}
	if n := unflagged(t, p); n != 0 {
		t.Errorf("%d are unflagged after the count", n)
	}
}

// brokenDone is a store whose connection breaks before it notes what was done.
type brokenDone struct{ store }

// SetDone implements store.
func (brokenDone) SetDone(context.Context, string, int64, int64) error {
	return errors.New("the connection is gone")
}

func TestSeveralMailboxesAndFoldersAreReadBesideEachOther(t *testing.T) {
	h, dove := dovecot(t)
	d := dbtest.SQLite(t)
	one := poller(t, d, h.url())
	two := poller(t, d, dove.IMAPURL("second")+"&after=leave")
	h.deliver(t, letter(1))
	if err := dove.Deliver("second", []byte(letter(1))); err != nil {
		t.Fatal(err)
	}
	poll(t, one, 1)
	poll(t, two, 1)
	var rows []notify.Inbound
	if err := d.In(t.Context()).Order("id").Find(&rows).Error; err != nil {
		t.Fatal(err)
	}
	if len(rows) != 2 || rows[0].Source == rows[1].Source || rows[1].State != notify.InDuplicate {
		t.Errorf("the same message in two mailboxes: %d rows, %+v", len(rows), states(t, d))
	}
	if two.opt.After != AfterLeave || two.Folder() != "INBOX" {
		t.Errorf("after %s in %s", two.opt.After, two.Folder())
	}
	box, err := readURL("imaps://a:b@host/Neuvo/Replies?after=move:Neuvo/Done")
	if err != nil || box.folder != "Neuvo/Replies" || box.after != "move:Neuvo/Done" {
		t.Errorf("%+v, %v", box, err)
	}
}

func TestABatchThatTheDatabaseRefusesIsStoredOneByOne(t *testing.T) {
	h := memory(t, nil, nil)
	d := dbtest.SQLite(t)
	p := poller(t, d, h.url())
	p.store = refusing{p.store, []byte("no 3\r\n")}
	for n := range 6 {
		h.deliver(t, letter(n))
	}
	fresh, err := p.Poll(t.Context())
	if err == nil || fresh != 3 {
		t.Errorf("%d fresh, %v", fresh, err)
	}
	p.store = p.store.(refusing).store
	poll(t, p, 3)
}

// refusing is a store that takes no message with certain words.
type refusing struct {
	store
	words []byte
}

// StoreAll implements store.
func (r refusing) StoreAll(ctx context.Context, list []notify.Raw) (int, error) {
	for _, m := range list {
		if bytes.Contains(m.Bytes, r.words) {
			return 0, fmt.Errorf("message %d is refused", m.UID)
		}
	}
	return r.store.StoreAll(ctx, list)
}
