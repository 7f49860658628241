package notifytest

import (
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// mailSMSFiles are the two sides of an e-mail-to-SMS operator.
//
//go:embed testdata/mailsms
var mailSMSFiles embed.FS

// The domains of the throwaway Postfix. Mail to ReplyDomain reaches the mailbox
// ReplyBox; nobody lives at NobodyDomain; SMSDomain is an e-mail-to-SMS gateway
// where phones ending in 0000 do not exist.
const (
	ReplyDomain  = "reply.neuvo.test"
	ReplyBox     = "inbox@reply.neuvo.test"
	NobodyDomain = "nobody.neuvo.test"
	SMSDomain    = "sms.neuvo.test"
)

// Postfix is a real mail server in front of a Dovecot, and an e-mail-to-SMS
// operator with a phone behind it.
type Postfix struct {
	// Addr is host:port of its SMTP service.
	Addr string

	dovecot *Dovecot
	dir     string
}

// StartPostfix starts Postfix 3.7 in front of a throwaway Dovecot, and Gammu SMSD
// with a phone that is none, for the length of the test. Postfix gives its
// processes other users, which only root can do.
func StartPostfix(t testing.TB, d *Dovecot) *Postfix {
	t.Helper()
	needs(t, "postfix gammu-smsd nodejs", "/usr/sbin/postfix", "/usr/lib/postfix/sbin/master", "/usr/bin/gammu-smsd", "/usr/bin/gammu-smsd-inject", "/usr/bin/node")
	if os.Getuid() != 0 {
		t.Fatal("Postfix gives its processes other users: run the tests as root")
	}
	// Other users must get through to it, which they do not through a test's own
	// directory.
	dir, err := os.MkdirTemp("", "postfix")
	if err != nil {
		t.Fatalf("make a directory: %v", err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	p := &Postfix{Addr: freeAddr(t), dovecot: d, dir: dir}
	if err := p.layOut(); err != nil {
		t.Fatalf("configure Postfix: %v", err)
	}
	master, err := startDaemon(t, nil, nil, nil, "/usr/sbin/postfix", "-c", filepath.Join(dir, "etc"), "start-fg")
	if err == nil {
		err = master.answers(p.Addr, greets)
	}
	if err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		t.Fatalf("start Postfix: %v\n%s", err, log)
	}
	phone, err := startDaemon(t, nil, nil, []string{"LANG=C.UTF-8", "LC_ALL=C.UTF-8"}, "/usr/bin/gammu-smsd", "-c", filepath.Join(dir, "smsdrc"))
	if err != nil {
		t.Fatalf("start Gammu: %v", err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			files, _ := filepath.Glob(filepath.Join(dir, "[osei]*", "*"))
			t.Logf("Postfix: %.15000s\nGammu: %.5000s\n%v", log, phone.out.String(), files)
		}
	})
	return p
}

// URL is how the program's settings name this server.
func (p *Postfix) URL() string { return "smtp://" + p.Addr + "?tls=none" }

// layOut writes configurations and makes directories.
func (p *Postfix) layOut() error {
	_, lmtp, _ := net.SplitHostPort(p.dovecot.LMTPAddr)
	_, port, _ := net.SplitHostPort(p.Addr)
	fill := strings.NewReplacer("DIR", p.dir, "LMTP", lmtp, "PORT", port)
	for _, sub := range []string{"", "etc", "spool", "data", "phone/sms/1", "phone/sms/2", "phone/sms/3", "phone/sms/4", "phone/sms/5", "in", "out", "sent", "err", "known", "scripts"} {
		path := filepath.Join(p.dir, sub)
		if err := os.MkdirAll(path, 0o755); err != nil {
			return err
		}
		mode := fs.FileMode(0o755)
		if slices.Contains([]string{"out", "known"}, sub) {
			mode = 0o777 // Postfix hands mail over as nobody
		}
		if err := os.Chmod(path, mode); err != nil {
			return err
		}
	}
	uid, gid, err := lookUp("postfix")
	if err == nil {
		err = os.Chown(filepath.Join(p.dir, "data"), uid, gid)
	}
	if err != nil {
		return err
	}
	scripts, err := fs.Sub(mailSMSFiles, "testdata/mailsms")
	if err == nil {
		err = os.CopyFS(filepath.Join(p.dir, "scripts"), scripts)
	}
	if err != nil {
		return err
	}
	for name, text := range map[string]string{
		"etc/main.cf": postfixMain, "etc/master.cf": postfixMaster, "smsdrc": gammuConfig,
		"nobody.sh": "exit 67 # EX_NOUSER\n", "receive.sh": "#!/bin/sh\nexec /usr/bin/node DIR/scripts/receive.js DIR PORT\n",
	} {
		if err := os.WriteFile(filepath.Join(p.dir, name), []byte(fill.Replace(text)), 0o755); err != nil {
			return err
		}
	}
	return nil
}

// Mail is all that has reached a mailbox of the Dovecot behind it, oldest first.
func (p *Postfix) Mail(t testing.TB, box string) [][]byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(p.dovecot.Dir, "mail", box, "new", "*"))
	if err != nil {
		t.Fatal(err)
	}
	var all [][]byte
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, raw)
	}
	return all
}

// smsText finds the pieces of a text in a file of Gammu's.
var smsText = regexp.MustCompile(`(?m)^Text\d\d = ([0-9A-F]+)`)

// Texts are what was sent to a phone, as the phone shows it.
func (p *Postfix) Texts(t testing.TB, phone string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(p.dir, "sent", "*"+phone+"*"))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		// Gammu writes the whole again after each part: the last is all of it.
		whole := string(raw)[max(strings.LastIndex(string(raw), "[SMSBackup000]"), 0):]
		for _, piece := range smsText.FindAllStringSubmatch(whole, -1) {
			b, err := hex.DecodeString(piece[1])
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			units := make([]uint16, len(b)/2)
			for i := range units {
				units[i] = uint16(b[2*i])<<8 | uint16(b[2*i+1])
			}
			text.WriteString(string(utf16.Decode(units)))
		}
		all = append(all, text.String())
	}
	return all
}

// Say makes a phone send a text to the operator.
func (p *Postfix) Say(t testing.TB, phone, text string) {
	t.Helper()
	var hexed strings.Builder
	for _, unit := range utf16.Encode([]rune(text)) {
		fmt.Fprintf(&hexed, "%04X", unit)
	}
	sms := fmt.Sprintf("[SMSBackup000]\nSMSC = \"+358400000000\"\nReceived = 20261123T113100\nState = UnRead\nNumber = %q\nCoding = Unicode_No_Compression\nFolder = 1\nLength = %d\nClass = -1\nReplySMSC = False\nRejectDuplicates = False\nReplaceMessage = 0\nMessageReference = 0\nText00 = %s\n",
		phone, len(hexed.String())/4, hexed.String())
	fresh := filepath.Join(p.dir, "phone", "fresh")
	err := os.WriteFile(fresh, []byte(sms), 0o644)
	if err == nil {
		err = os.Rename(fresh, filepath.Join(p.dir, "phone", "sms", "1", "1"))
	}
	if err != nil {
		t.Fatalf("make a phone speak: %v", err)
	}
}

const postfixMain = `
compatibility_level = 3.6
queue_directory = DIR/spool
data_directory = DIR/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
maillog_file = DIR/log
maillog_file_prefixes = DIR
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.neuvo.test
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
virtual_mailbox_domains = reply.neuvo.test
virtual_alias_maps = regexp:{ {/^.*@reply\.neuvo\.test$$/ inbox@reply.neuvo.test} }
virtual_transport = lmtp:inet:127.0.0.1:LMTP
relay_domains = sms.neuvo.test nobody.neuvo.test
transport_maps = inline:{ sms.neuvo.test=sms:, nobody.neuvo.test=nobody: }
default_transport = error:5.1.2 no such host
smtp_dns_support_level = disabled
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
sms_destination_recipient_limit = 1
`

const postfixMaster = `
127.0.0.1:PORT inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
nobody unix - n n - 1 pipe flags=Rq user=nobody argv=/usr/bin/env sh DIR/nobody.sh
sms unix - n n - 4 pipe flags=Rq user=nobody argv=/usr/bin/node DIR/scripts/send.js DIR ${sender} ${user}
`

const gammuConfig = `
[gammu]
port = DIR/phone
model = dummy
connection = none
gammuloc = /dev/null

[smsd]
service = files
logfile = stderr
debuglevel = 1
inboxpath = DIR/in/
outboxpath = DIR/out/
sentsmspath = DIR/sent/
errorsmspath = DIR/err/
RunOnReceive = DIR/receive.sh
CommTimeout = 1
LoopSleep = 1
ReceiveFrequency = 1
StatusFrequency = 0
CheckSecurity = 0
CheckBattery = 0
CheckSignal = 0
`
