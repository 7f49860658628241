package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"neuvo/booking"
)

// availabilityPath is the call whose answers are remembered.
const availabilityPath = "/api/v1/availability"

// maxRemembered bounds how much is remembered, in bytes; it is kept in two
// halves, of which the older is let go when the younger is full.
const maxRemembered = 64 << 20

// maxQuery is the longest query that is remembered: strangers choose them.
const maxQuery = 512

// remembered is one answer and what it depends on. Its bytes are not changed.
type remembered struct {
	stamp booking.Stamp
	plain []byte

	once   sync.Once
	packed []byte
}

// gzipped packs the answer when it is first asked for packed.
func (r *remembered) gzipped() []byte {
	r.once.Do(func() {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = w.Write(r.plain)
		_ = w.Close()
		r.packed = b.Bytes()
	})
	return r.packed
}

// memory keeps answers about free times by their query, and asks the database
// once for all who wait whether they still hold.
type memory struct {
	desk *booking.Desk

	mu          sync.Mutex
	young, old  map[string]*remembered
	youngBytes  int
	looksMu     sync.Mutex
	looksByPart map[any]*looks
}

func newMemory(desk *booking.Desk) *memory {
	return &memory{desk: desk, young: map[string]*remembered{}, looksByPart: map[any]*looks{}}
}

func (m *memory) get(query string) *remembered {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r := m.young[query]; r != nil {
		return r
	}
	r := m.old[query]
	if r != nil {
		m.put(query, r)
	}
	return r
}

// forget gives the memory back: an idle server holds nothing.
func (m *memory) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.young, m.old, m.youngBytes = map[string]*remembered{}, nil, 0
}

func (m *memory) add(query string, r *remembered) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.put(query, r)
}

func (m *memory) put(query string, r *remembered) {
	if old := m.young[query]; old != nil {
		m.youngBytes -= old.size(query)
	}
	m.young[query] = r
	if m.youngBytes += r.size(query); m.youngBytes > maxRemembered/2 {
		m.old, m.young, m.youngBytes = m.young, map[string]*remembered{}, 0
	}
}

// size is what a remembered answer takes, with room for its packed form.
func (r *remembered) size(query string) int { return len(query) + len(r.plain) + len(r.plain)/4 + 300 }

// holds tells whether an answer is still true.
func (m *memory) holds(ctx context.Context, r *remembered) bool {
	later, err := m.look(ctx, r.stamp)
	return err == nil && r.stamp.Holds(later)
}

// look reads the versions of a stamp's range. A look that began before the
// question may have missed what came between, so whoever comes while one is
// under way shares the next.
func (m *memory) look(ctx context.Context, s booking.Stamp) (booking.Stamp, error) {
	key := s.Range()
	m.looksMu.Lock()
	l := m.looksByPart[key]
	if l == nil {
		if len(m.looksByPart) > 1000 { // strangers choose the dates
			clear(m.looksByPart)
		}
		l = &looks{}
		m.looksByPart[key] = l
	}
	m.looksMu.Unlock()
	return l.share(func() (booking.Stamp, error) {
		// One caller's going away must not spoil it for the others.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		return m.desk.Look(ctx, s)
	})
}

// looks are the looks at one range: at most one under way and one to come.
type looks struct {
	mu        sync.Mutex
	now, next *look
}

// look is one look; its result stands once done is closed.
type look struct {
	done  chan struct{}
	stamp booking.Stamp
	err   error
}

func (l *looks) share(read func() (booking.Stamp, error)) (booking.Stamp, error) {
	l.mu.Lock()
	mine := l.next
	if mine != nil {
		l.mu.Unlock()
		<-mine.done
		return mine.stamp, mine.err
	}
	mine = &look{done: make(chan struct{})}
	if before := l.now; before != nil {
		l.next = mine
		l.mu.Unlock()
		<-before.done
		l.mu.Lock()
		l.next = nil
	}
	l.now = mine
	l.mu.Unlock()
	mine.stamp, mine.err = read()
	l.mu.Lock()
	if l.now == mine {
		l.now = nil
	}
	l.mu.Unlock()
	close(mine.done)
	return mine.stamp, mine.err
}

// noting carries the stamp of the answer that is being made from the call to
// remember, below.
type noting struct {
	stamp booking.Stamp
	keep  bool
}

type notingKey struct{}

// noted asks the desk, and notes what the answer depends on where it may be
// remembered.
func (s *Server) noted(ctx context.Context, w *booking.Workshop, q booking.AvailabilityQuery) (*booking.Availability, error) {
	note, wanted := ctx.Value(notingKey{}).(*noting)
	if !wanted {
		return s.opt.Desk.Availability(ctx, q)
	}
	// Before the question: what changes meanwhile outdates the answer.
	stamp, ok, err := s.opt.Desk.Stamp(ctx, w, q, time.Time{})
	if err != nil {
		return nil, err
	}
	found, err := s.opt.Desk.Availability(ctx, q)
	if err != nil || !ok {
		return found, err
	}
	if found.NextAvailable.IsZero() {
		free := func(d booking.Day) bool { return len(d.Slots) > 0 }
		note.stamp, note.keep = stamp, slices.ContainsFunc(found.Days, free)
		return found, nil
	}
	// Once more, with a stamp that reaches as far as the answer.
	next := found.NextAvailable
	if stamp, ok, err = s.opt.Desk.Stamp(ctx, w, q, next); err != nil {
		return nil, err
	}
	if found, err = s.opt.Desk.Availability(ctx, q); err != nil {
		return nil, err
	}
	note.stamp, note.keep = stamp, ok && found.NextAvailable.Equal(next)
	return found, nil
}

// remember answers questions about free times from memory where nothing has
// changed since, and keeps what it had to find out. What a caller sees never
// depends on it: every answer is checked against the database first. It packs
// for itself, once for all who ask the same.
func (s *Server) remember(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if c.Path() != availabilityPath || r.Method != http.MethodGet {
			return next(c)
		}
		query := s.locale(c) + "?" + r.URL.RawQuery // a closed day has its reason in words
		if known := s.memory.get(query); known != nil && s.memory.holds(r.Context(), known) {
			return writeRemembered(c, known)
		}
		note := &noting{}
		c.SetRequest(r.WithContext(context.WithValue(r.Context(), notingKey{}, note)))
		res := c.Response()
		rec := &withheld{ResponseWriter: res.Writer, status: http.StatusOK}
		res.Writer = rec
		err := next(c)
		res.Writer = rec.ResponseWriter
		if err != nil && !res.Committed {
			return err
		}
		// Echo believes that it has answered; now it really does.
		fresh := &remembered{stamp: note.stamp, plain: bytes.Clone(rec.body.Bytes())}
		res.Committed, res.Size, res.Status = false, 0, http.StatusOK
		if rec.status != http.StatusOK {
			res.Header().Del(echo.HeaderContentLength)
			res.WriteHeader(rec.status)
			_, err := res.Write(fresh.plain)
			return err
		}
		if note.keep && len(query) <= maxQuery {
			s.memory.add(strings.Clone(query), fresh)
		}
		return writeRemembered(c, fresh)
	}
}

// writeRemembered sends an answer, packed for whoever takes it so.
func writeRemembered(c echo.Context, r *remembered) error {
	body := r.plain
	h := c.Response().Header()
	h.Add(echo.HeaderVary, echo.HeaderAcceptEncoding)
	if len(body) >= packFrom && strings.Contains(c.Request().Header.Get(echo.HeaderAcceptEncoding), "gzip") {
		body = r.gzipped()
		h.Set(echo.HeaderContentEncoding, "gzip")
	}
	h.Set(echo.HeaderContentType, "application/json")
	h.Set(echo.HeaderContentLength, strconv.Itoa(len(body)))
	c.Response().WriteHeader(http.StatusOK)
	_, err := c.Response().Write(body)
	return err
}

// packFrom is the length from which packing is worth the work.
const packFrom = 1024

// withheld keeps what is written instead of sending it.
type withheld struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// WriteHeader keeps the status.
func (w *withheld) WriteHeader(status int) { w.status = status }

// Write keeps the body.
func (w *withheld) Write(b []byte) (int, error) { return w.body.Write(b) }

// Unwrap lets http.ResponseController reach the connection.
func (w *withheld) Unwrap() http.ResponseWriter { return w.ResponseWriter }
