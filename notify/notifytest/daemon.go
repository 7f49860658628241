package notifytest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"
)

// daemon is a real server that a test started.
type daemon struct {
	cmd   *exec.Cmd
	ended chan struct{}
	out   lockedBuffer
}

// lockedBuffer takes what a server says while others look.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String is all that was said.
func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// startDaemon starts a program in a session of its own and ends it, by its
// id, when the test ends. It is told to end even where the test is killed.
func startDaemon(t testing.TB, say io.Writer, in io.Reader, env []string, name string, args ...string) (*daemon, error) {
	t.Helper()
	d := &daemon{cmd: exec.Command(name, args...), ended: make(chan struct{})}
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	d.cmd.WaitDelay = time.Second // for pipes that its children hold
	d.cmd.Env = append(os.Environ(), env...)
	d.cmd.Stdin, d.cmd.Stdout, d.cmd.Stderr = in, &d.out, &d.out
	if say != nil {
		d.cmd.Stdout = say
	}
	if err := d.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { _ = d.cmd.Wait(); close(d.ended) }()
	t.Cleanup(d.stop)
	return d, nil
}

// stop asks the program to end, and kills its group where it does not.
func (d *daemon) stop() {
	_ = d.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-d.ended:
	case <-time.After(3 * time.Second):
	}
	_ = syscall.Kill(-d.cmd.Process.Pid, syscall.SIGKILL)
	<-d.ended
}

// answers waits until a server takes connections at an address.
func (d *daemon) answers(addr string, ready func(addr string) bool) error {
	deadline := time.After(20 * time.Second)
	for !ready(addr) {
		select {
		case <-d.ended:
			return fmt.Errorf("it ended: %s", d.out.String())
		case <-deadline:
			return fmt.Errorf("nothing at %s: %s", addr, d.out.String())
		case <-time.After(10 * time.Millisecond):
		}
	}
	return nil
}

// connects tells whether anything listens at an address.
func connects(addr string) bool {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return false
	}
	return conn.Close() == nil
}

// needs fails the test where a program is not installed.
func needs(t testing.TB, debian string, paths ...string) {
	t.Helper()
	for _, path := range paths {
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			t.Fatalf("%s is missing: apt-get install --no-install-recommends %s", path, debian)
		}
	}
}

// Eventually waits until something holds, and fails the test where it does not
// within twenty seconds.
func Eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(20 * time.Second)
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain: %s", what)
		}
	}
}
