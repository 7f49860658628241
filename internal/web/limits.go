package web

import (
	"math"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/time/rate"

	"neuvo/internal/fault"
)

// Limit is a token bucket: Burst at once, then one each Every.
type Limit struct {
	Every time.Duration
	Burst int
}

// RateLimit bounds what strangers may do. A field left zero takes its default.
type RateLimit struct {
	Address       Limit // public posts of one address; 60, then one a second
	Phone         Limit // bookings and call-backs of one phone; 10, then one in 5 minutes
	SignIn        Limit // sign-in attempts of one address; 20, then one in 10 seconds
	SignInAccount Limit // sign-in attempts on one account; 10, then one in 30 seconds
}

// relaxed is what Options.Relaxed stands for.
func relaxed() RateLimit {
	l := Limit{Every: time.Millisecond, Burst: 10000}
	return RateLimit{Address: l, Phone: l, SignIn: l, SignInAccount: l}
}

// maxBuckets bounds the memory of a limiter; strangers choose the keys.
const maxBuckets = 10000

// limits keeps the buckets of all keys.
type limits struct {
	opt RateLimit
	now func() time.Time

	mu      sync.Mutex
	buckets map[string]*bucket
	swept   time.Time
}

type bucket struct {
	*rate.Limiter
	used time.Time
	full time.Duration // unused for this long it is as good as new
}

func newLimits(opt RateLimit, now func() time.Time) *limits {
	def := func(l *Limit, every time.Duration, burst int) {
		if l.Burst == 0 {
			*l = Limit{Every: every, Burst: burst}
		}
	}
	def(&opt.Address, time.Second, 60)
	def(&opt.Phone, 5*time.Minute, 10)
	def(&opt.SignIn, 10*time.Second, 20)
	def(&opt.SignInAccount, 30*time.Second, 10)
	return &limits{opt: opt, now: now, buckets: map[string]*bucket{}}
}

// take uses one token of a key, or tells how long to wait as a fault TooMany.
func (l *limits) take(key string, limit Limit) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	l.sweep(now)
	b := l.buckets[key]
	if b == nil {
		b = &bucket{
			Limiter: rate.NewLimiter(rate.Every(limit.Every), limit.Burst),
			full:    limit.Every * time.Duration(limit.Burst),
		}
		l.buckets[key] = b
	}
	b.used = now
	r := b.ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait == 0 {
		return nil
	}
	r.CancelAt(now)
	e := fault.New(fault.TooMany, "fault.too_many")
	e.RetryAfter = max(1, int(math.Ceil(wait.Seconds())))
	return e.With("seconds", e.RetryAfter)
}

// sweep forgets the buckets that are full again, each minute, and when there
// are too many of them all: a flood from many addresses must not take memory.
func (l *limits) sweep(now time.Time) {
	if len(l.buckets) >= maxBuckets {
		clear(l.buckets)
	}
	if d := now.Sub(l.swept); d >= 0 && d < time.Minute {
		return
	}
	l.swept = now
	for key, b := range l.buckets {
		if now.Sub(b.used) > b.full {
			delete(l.buckets, key)
		}
	}
}

// allowPhone is asked before something is done that may send texts to a phone.
func (s *Server) allowPhone(raw string) error {
	key := phoneKey(raw)
	if key == "" {
		return nil
	}
	return s.limits.take("phone:"+key, s.limits.opt.Phone)
}

// allowAddress is asked before a stranger's post.
func (s *Server) allowAddress(address string) error {
	return s.limits.take("post:"+clientNet(address), s.limits.opt.Address)
}

// allowSignIn is asked before a password is checked, on the account and on the
// address, so that neither one account nor many can be tried out.
func (s *Server) allowSignIn(address, email string) error {
	if err := s.limits.take("sign-in:"+clientNet(address), s.limits.opt.SignIn); err != nil {
		return err
	}
	email = strings.ToLower(strings.TrimSpace(email))
	return s.limits.take("account:"+email[:min(len(email), 200)], s.limits.opt.SignInAccount)
}

// limitForms bounds the posts of pages; the API's calls ask for themselves.
func (s *Server) limitForms(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		path := c.Request().URL.Path
		if safe(c.Request().Method) || isAPI(path) || isHook(path) || path == "/demo" || strings.HasPrefix(path, "/demo/") {
			return next(c)
		}
		if path == "/desk/sign-in" {
			if err := s.allowSignIn(c.RealIP(), c.FormValue("email")); err != nil {
				return err
			}
			return next(c)
		}
		if s.staff(c) != nil {
			return next(c)
		}
		if token, ok := strings.CutPrefix(path, leavePrefix); ok && s.leaves(token) {
			// A mail host sends the one-click posts of all its people from a few
			// addresses: each way out is bounded by itself.
			if err := s.limits.take("leave:"+token, s.limits.opt.Address); err != nil {
				return err
			}
			return next(c)
		}
		if err := s.allowAddress(c.RealIP()); err != nil {
			return err
		}
		if err := s.allowPhone(c.FormValue("phone")); err != nil {
			return err
		}
		return next(c)
	}
}

// phoneKey makes the ways to write one number the same: its last eight digits.
func phoneKey(raw string) string {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, raw)
	return digits[max(0, len(digits)-8):]
}

// clientNet is what one client holds: an IPv4 address, or a /64 of IPv6, within
// which everyone can pick addresses at will (RFC 6177 section 2).
func clientNet(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil || ip.Unmap().Is4() {
		return address
	}
	p, err := ip.Prefix(64)
	if err != nil {
		return address
	}
	return p.String()
}
