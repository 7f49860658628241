package notifytest

import (
	"bufio"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// smscFiles are the operator's SMS centre and the SMPP it speaks.
//
//go:embed testdata/smsc
var smscFiles embed.FS

// SMSC is an operator's SMS centre that speaks SMPP 3.4. Phones ending in 0000
// do not exist, those ending in 0001 are never reached.
type SMSC struct {
	Addr string

	in     io.Writer
	mu     sync.Mutex
	heard  []heard
	binds  int
	daemon *daemon
}

// heard is a line of the centre: a text, or one part of a text.
type heard struct {
	From, To  string
	Coding    int
	Text      string
	Parts     [][]int // user data headers: 0, 3, reference, total, number
	Bound     string
	Listening bool
}

// StartSMSC starts a centre on a free loopback port for the length of the test.
func StartSMSC(t testing.TB) *SMSC {
	t.Helper()
	needs(t, "nodejs", "/usr/bin/node")
	dir := t.TempDir()
	files, err := fs.Sub(smscFiles, "testdata/smsc")
	if err == nil {
		err = os.CopyFS(dir, files)
	}
	if err != nil {
		t.Fatalf("lay out the SMS centre: %v", err)
	}
	s := &SMSC{Addr: freeAddr(t)}
	_, port, _ := net.SplitHostPort(s.Addr)
	said, say, err1 := os.Pipe()
	orders, give, err2 := os.Pipe()
	if err := errors.Join(err1, err2); err != nil {
		t.Fatalf("pipes to the SMS centre: %v", err)
	}
	s.in = give
	t.Cleanup(func() { _ = errors.Join(give.Close(), orders.Close(), say.Close(), said.Close()) })
	if s.daemon, err = startDaemon(t, say, orders, []string{"NODE_PATH=" + filepath.Join(dir, "lib")}, "/usr/bin/node", filepath.Join(dir, "smsc.js"), port); err != nil {
		t.Fatalf("start the SMS centre: %v", err)
	}
	go s.listen(said)
	if err := s.daemon.answers(s.Addr, connects); err != nil {
		t.Fatalf("start the SMS centre: %v", err)
	}
	return s
}

// listen reads what the centre tells.
func (s *SMSC) listen(said io.Reader) {
	lines := bufio.NewScanner(said)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var h heard
		if json.Unmarshal(lines.Bytes(), &h) != nil {
			continue
		}
		s.mu.Lock()
		switch {
		case h.Bound != "":
			s.binds++
		case h.To != "":
			s.heard = append(s.heard, h)
		}
		s.mu.Unlock()
	}
	_, _ = io.Copy(io.Discard, said)
}

// Bound tells whether a gateway has signed in.
func (s *SMSC) Bound() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.binds > 0
}

// Text is what a phone was sent, its parts put together in their order, and how
// many parts it came in.
func (s *SMSC) Text(to string) (from, text string, parts int) {
	s.mu.Lock()
	mine := []heard{}
	for _, h := range s.heard {
		if strings.TrimPrefix(h.To, "+") == strings.TrimPrefix(to, "+") {
			mine = append(mine, h)
		}
	}
	s.mu.Unlock()
	slices.SortStableFunc(mine, func(a, b heard) int { return a.part() - b.part() })
	for _, h := range mine {
		from, text = h.From, text+h.Text
	}
	return from, text, len(mine)
}

// part is the number that the header of a part gives it (3GPP TS 23.040 section
// 9.2.3.24.1).
func (h heard) part() int {
	if len(h.Parts) == 0 {
		return 1
	}
	udh := h.Parts[0]
	return udh[len(udh)-1]
}

// Say makes a phone send a text, in the 7-bit alphabet where it fits, else in
// UCS-2; udh, where not empty, is the header of a part.
func (s *SMSC) Say(t testing.TB, from, to, text string, coding int, udh ...int) {
	t.Helper()
	order := map[string]any{"from": strings.TrimPrefix(from, "+"), "to": strings.TrimPrefix(to, "+"), "text": text, "coding": coding}
	if len(udh) > 0 {
		order["udh"] = udh
	}
	line, err := json.Marshal(order)
	if err == nil {
		_, err = s.in.Write(append(line, '\n'))
	}
	if err != nil {
		t.Fatalf("tell the SMS centre: %v", err)
	}
}

// Kannel is a real Kannel: bearerbox and smsbox, with an SMS centre behind it.
type Kannel struct {
	// URL is its sendsms service; Key and Password sign in there.
	URL  string
	SMSC *SMSC

	smsbox *daemon
}

// StartKannel starts Kannel 1.4 with an SMS centre behind it for the length of
// the test. Texts of phones are brought to inbound, in whose address Kannel fills
// in its percent signs.
func StartKannel(t testing.TB, inbound string) *Kannel {
	t.Helper()
	const bearerbox, smsbox = "/usr/sbin/bearerbox", "/usr/sbin/smsbox"
	needs(t, "kannel", bearerbox, smsbox)
	k := &Kannel{SMSC: StartSMSC(t)}
	dir, admin, boxes, sendsms := t.TempDir(), freeAddr(t), freeAddr(t), freeAddr(t)
	k.URL = "http://" + sendsms + "/cgi-bin/sendsms"
	port := func(addr string) string {
		_, p, _ := net.SplitHostPort(addr)
		return p
	}
	conf := filepath.Join(dir, "kannel.conf")
	text := strings.NewReplacer(
		"ADMIN", port(admin), "BOXES", port(boxes), "SENDSMS", port(sendsms), "SMPP", port(k.SMSC.Addr), "DIR", dir, "INBOUND", inbound, "USER", Key, "WORD", Password,
	).Replace(kannelConfig)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatalf("configure Kannel: %v", err)
	}
	box, err := startDaemon(t, nil, nil, nil, bearerbox, "-v", "3", conf)
	if err == nil {
		err = box.answers(boxes, connects)
	}
	if err == nil {
		k.smsbox, err = startDaemon(t, nil, nil, nil, smsbox, "-v", "3", conf)
	}
	if err == nil {
		err = k.smsbox.answers(sendsms, connects)
	}
	if err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "bearerbox.log"))
		t.Fatalf("start Kannel: %v\n%s", err, log)
	}
	Eventually(t, "Kannel binds to the SMS centre", k.SMSC.Bound)
	t.Cleanup(func() {
		if !t.Failed() {
			return
		}
		for _, name := range []string{"bearerbox.log", "smsbox.log"} {
			log, _ := os.ReadFile(filepath.Join(dir, name))
			t.Log(name + ": " + fmt.Sprintf("%.20000s", log))
		}
	})
	return k
}

// Stop ends smsbox, which takes texts over HTTP.
func (k *Kannel) Stop() { k.smsbox.stop() }

const kannelConfig = `
group = core
admin-port = ADMIN
admin-interface = 127.0.0.1
admin-password = WORD
smsbox-port = BOXES
smsbox-interface = 127.0.0.1
box-allow-ip = 127.0.0.1
log-file = "DIR/bearerbox.log"
log-level = 1

group = smsc
smsc = smpp
smsc-id = operator
host = 127.0.0.1
port = SMPP
smsc-username = neuvo
smsc-password = secret
system-type = ""
transceiver-mode = true
our-host = 127.0.0.1
source-addr-autodetect = true
reconnect-delay = 1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = SENDSMS
sendsms-interface = 127.0.0.1
sendsms-chars = "0123456789 +"
log-file = "DIR/smsbox.log"
log-level = 1

group = sendsms-user
username = USER
password = WORD
concatenation = true
max-messages = 10

group = sms-service
keyword = default
get-url = "INBOUND"
omit-empty = true
max-messages = 0
catch-all = true
`
