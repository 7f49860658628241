package notifytest

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Proxy passes TCP connections on to a server and can cut them.
type Proxy struct {
	Addr string

	target string
	limit  atomic.Int64 // bytes from the server until the next cut; 0: none
	count  atomic.Int64 // connections made
	mu     sync.Mutex
	open   map[net.Conn]bool
}

// StartProxy starts a proxy to target (host:port) on a free loopback port for
// the length of the test.
func StartProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen for a proxy: %v", err)
	}
	p := &Proxy{Addr: l.Addr().String(), target: target, open: map[net.Conn]bool{}}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.count.Add(1)
			wg.Go(func() { p.serve(c) })
		}
	})
	t.Cleanup(func() { _ = l.Close(); p.Cut(); wg.Wait() })
	return p
}

// CutAfter cuts the next connection that has brought n bytes from the server,
// once.
func (p *Proxy) CutAfter(n int64) { p.limit.Store(max(n, 1)) }

// Cut cuts every connection now.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.open {
		_ = c.Close()
	}
}

// Connections tells how many were made so far.
func (p *Proxy) Connections() int { return int(p.count.Load()) }

func (p *Proxy) serve(client net.Conn) {
	server, err := net.DialTimeout("tcp", p.target, 5*time.Second)
	if err != nil {
		_ = client.Close()
		return
	}
	p.mu.Lock()
	p.open[client], p.open[server] = true, true
	p.mu.Unlock()
	defer func() {
		_, _ = client.Close(), server.Close()
		p.mu.Lock()
		delete(p.open, client)
		delete(p.open, server)
		p.mu.Unlock()
	}()
	var wg sync.WaitGroup
	wg.Go(func() {
		_, _ = io.Copy(server, client)
		_ = server.Close()
	})
	_, _ = io.Copy(client, cutting{p, server})
	_ = client.Close()
	wg.Wait()
}

// cutting reads until the proxy's limit is used up.
type cutting struct {
	p *Proxy
	net.Conn
}

// Read implements io.Reader.
func (c cutting) Read(b []byte) (int, error) {
	left := c.p.limit.Load()
	if left == 0 {
		return c.Conn.Read(b)
	}
	n, err := c.Conn.Read(b[:min(int64(len(b)), left)])
	if c.p.limit.CompareAndSwap(left, left-int64(n)) && left == int64(n) {
		return n, io.ErrClosedPipe
	}
	return n, err
}
