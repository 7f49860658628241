package notifytest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// Proxy stands between a program and a server and makes the network as bad as a
// test wants it: an embedded Toxiproxy.
type Proxy struct {
	// Addr is host:port on loopback; it stays the same.
	Addr string

	t     testing.TB
	proxy *toxiproxy.Proxy
}

// StartProxy starts a proxy to target (host:port) on a free loopback port for
// the length of the test.
func StartProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	p := &Proxy{t: t, proxy: toxiproxy.NewProxy(server, t.Name(), "127.0.0.1:0", target)}
	if err := p.proxy.Start(); err != nil {
		t.Fatalf("start a proxy: %v", err)
	}
	p.Addr = p.proxy.Listen
	t.Cleanup(p.proxy.Stop)
	return p
}

// The directions of a connection, as Toxiproxy calls them.
const (
	toServer   = "upstream"
	fromServer = "downstream"
)

// Delay makes everything take longer, both ways.
func (p *Proxy) Delay(d time.Duration) {
	p.add("latency", toServer, "latency", d.Milliseconds())
	p.add("latency", fromServer, "latency", d.Milliseconds())
}

// Reset resets each connection (TCP RST) at the first byte that comes, either
// way.
func (p *Proxy) Reset() {
	p.add("reset_peer", toServer, "timeout", 0)
	p.add("reset_peer", fromServer, "timeout", 0)
}

// CutAfter closes each connection when it has brought n bytes from the server
// since now.
func (p *Proxy) CutAfter(n int64) {
	p.remove("limit_data_" + fromServer)
	p.add("limit_data", fromServer, "bytes", max(n, 1))
}

// Swallow is a black hole: nothing arrives at either side, and nothing closes.
func (p *Proxy) Swallow() {
	p.add("timeout", toServer, "timeout", 0)
	p.add("timeout", fromServer, "timeout", 0)
}

// SwallowAnswers lets everything through to the server and nothing back.
func (p *Proxy) SwallowAnswers() { p.add("timeout", fromServer, "timeout", 0) }

// Heal ends what was set.
func (p *Proxy) Heal() { p.proxy.Toxics.ResetToxics(context.Background()) }

// Refuse ends every connection and takes no new ones until Cut.
func (p *Proxy) Refuse() { p.proxy.Stop() }

// Cut ends every connection now; new ones are taken.
func (p *Proxy) Cut() {
	p.proxy.Stop()
	if err := p.proxy.Start(); err != nil {
		p.t.Errorf("start the proxy again: %v", err)
	}
}

func (p *Proxy) add(kind, stream, attribute string, value int64) {
	toxic := fmt.Sprintf(`{"type":%q,"stream":%q,"attributes":{%q:%d}}`, kind, stream, attribute, value)
	if _, err := p.proxy.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
		p.t.Errorf("make the network worse: %s: %v", toxic, err)
	}
}

// remove takes a toxic away where it is set.
func (p *Proxy) remove(name string) {
	_ = p.proxy.Toxics.RemoveToxic(context.Background(), name)
}
