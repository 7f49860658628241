package notifytest

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// Password is what every user of the throwaway Dovecot signs in with.
const Password = "secret"

// Dovecot is a throwaway mail host: IMAP to read, LMTP to deliver. Every user
// name exists; a mailbox is made on first use.
type Dovecot struct {
	IMAPAddr string
	LMTPAddr string
	// Dir holds configuration, mail and logs.
	Dir string
}

// StartDovecot starts Dovecot 2.3 on free loopback ports in a directory of the
// test's own and ends it, by process id, when the test ends. Without the
// program the test fails: it is never skipped.
func StartDovecot(t testing.TB) *Dovecot {
	t.Helper()
	bin := "/usr/sbin/dovecot"
	if found, err := exec.LookPath("dovecot"); err == nil {
		bin = found
	}
	for _, need := range []string{bin, "/usr/lib/dovecot/imap", "/usr/lib/dovecot/lmtp"} {
		if _, err := os.Stat(need); err != nil {
			t.Fatalf("%s is missing: apt-get install --no-install-recommends dovecot-imapd dovecot-lmtpd", need)
		}
	}
	// Unix sockets allow about 100 bytes of path; a test's TempDir may be longer.
	dir, err := os.MkdirTemp("", "dovecot")
	if err != nil {
		t.Fatalf("make a directory: %v", err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	// A free port may be taken between looking and using it: try again then.
	for try := range 3 {
		d := &Dovecot{Dir: dir, IMAPAddr: freeAddr(t), LMTPAddr: freeAddr(t)}
		if err = d.start(t, bin); err == nil {
			return d
		}
		t.Logf("Dovecot did not start (try %d): %v", try+1, err)
	}
	log, _ := os.ReadFile(filepath.Join(dir, "log"))
	t.Fatalf("start Dovecot: %v\n%s", err, log)
	return nil
}

// IMAPURL is how the program's settings name the mailbox of a user.
func (d *Dovecot) IMAPURL(user string) string {
	return fmt.Sprintf("imap://%s@%s?tls=none", url.UserPassword(user, Password), d.IMAPAddr)
}

// Deliver puts a message into the INBOX of a user over LMTP, as a mail server
// does that sends every address of a domain to one mailbox. rcpt, where given,
// are the addresses it was sent to; they are added on top as Delivered-To.
func (d *Dovecot) Deliver(user string, raw []byte, rcpt ...string) error {
	conn, err := net.DialTimeout("tcp", d.LMTPAddr, 5*time.Second)
	if err != nil {
		return fmt.Errorf("reach LMTP: %w", err)
	}
	c := smtp.NewClientLMTP(conn)
	defer c.Close()
	var b bytes.Buffer
	for _, address := range rcpt {
		fmt.Fprintf(&b, "Delivered-To: %s\r\n", address)
	}
	b.Write(raw)
	if err := c.Mail("sender@example.test", nil); err != nil {
		return fmt.Errorf("LMTP MAIL: %w", err)
	}
	if err := c.Rcpt(user, nil); err != nil {
		return fmt.Errorf("LMTP RCPT: %w", err)
	}
	w, err := c.Data()
	if err != nil {
		return fmt.Errorf("LMTP DATA: %w", err)
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("LMTP body: %w", err)
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("LMTP end of data: %w", err)
	}
	return nil
}

// Wipe ends every session of a user and removes the mailbox, so that the next
// one made has another UIDVALIDITY (Dovecot takes it from the clock: a second
// must have passed since the first, so one is set by hand).
func (d *Dovecot) Wipe(user string, uidValidity uint32) error {
	box := filepath.Join(d.Dir, "mail", user)
	if err := os.RemoveAll(box); err != nil {
		return err
	}
	for _, sub := range []string{"cur", "new", "tmp"} {
		if err := os.MkdirAll(filepath.Join(box, sub), 0o700); err != nil {
			return err
		}
	}
	// dovecot-uidlist version 3: V = UIDVALIDITY, N = next UID.
	list := fmt.Sprintf("3 V%d N1 G%032x\n", uidValidity, uidValidity)
	if err := os.WriteFile(filepath.Join(box, "dovecot-uidlist"), []byte(list), 0o600); err != nil {
		return err
	}
	return d.Own(user)
}

// Own gives the mail files of a user, also those that a test put there, to whom
// Dovecot reads them as.
func (d *Dovecot) Own(user string) error {
	uid, gid := mailOwner()
	return filepath.Walk(filepath.Join(d.Dir, "mail", user), func(path string, _ os.FileInfo, err error) error {
		return errors.Join(err, os.Lchown(path, uid, gid))
	})
}

func (d *Dovecot) start(t testing.TB, bin string) error {
	conf := filepath.Join(d.Dir, "dovecot.conf")
	uid, gid := mailOwner()
	for _, sub := range []string{"mail", "run", "state"} {
		if err := os.MkdirAll(filepath.Join(d.Dir, sub), 0o755); err != nil {
			return err
		}
	}
	if err := errors.Join(os.Chmod(d.Dir, 0o755), os.Chown(filepath.Join(d.Dir, "mail"), uid, gid)); err != nil {
		return err
	}
	if err := os.WriteFile(conf, []byte(d.config(uid, gid)), 0o600); err != nil {
		return err
	}
	cmd := exec.Command(bin, "-F", "-c", conf)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	deadline := time.After(15 * time.Second)
	for _, addr := range []string{d.IMAPAddr, d.LMTPAddr} {
		for !greets(addr) {
			select {
			case err := <-ended:
				return fmt.Errorf("ended: %w\n%s", err, out.String())
			case <-deadline:
				stop(cmd.Process.Pid, ended)
				return fmt.Errorf("no greeting from %s\n%s", addr, out.String())
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
	t.Cleanup(func() { stop(cmd.Process.Pid, ended) })
	return nil
}

// stop ends the master, which ends its own children; a master that does not
// within five seconds is killed with its process group.
func stop(pid int, ended <-chan error) {
	_ = syscall.Kill(pid, syscall.SIGTERM)
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		_ = syscall.Kill(-pid, syscall.SIGKILL)
		<-ended
	}
}

func (d *Dovecot) config(uid, gid int) string {
	_, imapPort, _ := net.SplitHostPort(d.IMAPAddr)
	_, lmtpPort, _ := net.SplitHostPort(d.LMTPAddr)
	internal, login, group := "nobody", "nobody", "nogroup"
	if os.Getuid() == 0 {
		internal, login, group = "dovecot", "dovenull", "dovecot"
	}
	return strings.NewReplacer(
		"DIR", d.Dir, "IMAP_PORT", imapPort, "LMTP_PORT", lmtpPort,
		"INTERNAL", internal, "LOGIN", login, "GROUP", group,
		"UID", strconv.Itoa(uid), "GID", strconv.Itoa(gid), "PASSWORD", Password,
	).Replace(dovecotConfig)
}

const dovecotConfig = `
protocols = imap lmtp
listen = 127.0.0.1
base_dir = DIR/run
state_dir = DIR/state
log_path = DIR/log
default_internal_user = INTERNAL
default_login_user = LOGIN
default_internal_group = GROUP
first_valid_uid = 1
first_valid_gid = 1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
mail_location = maildir:DIR/mail/%u
mail_max_userip_connections = 100
mail_fsync = never
imap_idle_notify_interval = 20 secs
submission_host =
postmaster_address = postmaster@neuvo.test
passdb {
  driver = static
  args = password=PASSWORD
}
userdb {
  driver = static
  args = uid=UID gid=GID home=DIR/mail/%u allow_all_users=yes
}
service imap-login {
  chroot =
  inet_listener imap {
    port = IMAP_PORT
  }
  inet_listener imaps {
    port = 0
  }
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
service lmtp {
  inet_listener lmtp {
    port = LMTP_PORT
  }
}
`

// mailOwner is who the mail files belong to: Dovecot refuses to serve root.
func mailOwner() (uid, gid int) {
	if os.Getuid() != 0 {
		return os.Getuid(), os.Getgid()
	}
	if uid, gid, err := lookUp("nobody"); err == nil {
		return uid, gid
	}
	return 65534, 65534
}

// lookUp gives the numbers of a user.
func lookUp(name string) (uid, gid int, err error) {
	u, err := user.Lookup(name)
	if err != nil {
		return 0, 0, err
	}
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	return uid, gid, errors.Join(err1, err2)
}

func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("find a free port: %v", err)
	}
	defer l.Close()
	return l.Addr().String()
}

// greets tells whether a mail server says its first line.
func greets(addr string) bool {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return false
	}
	defer conn.Close()
	_ = conn.SetReadDeadline(time.Now().Add(2 * time.Second))
	var first [1]byte
	n, err := conn.Read(first[:])
	return err == nil && n == 1
}
