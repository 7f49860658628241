package web

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
)

// heartbeat keeps proxies from cutting a quiet stream, and lets the server
// notice a browser that has gone.
const heartbeat = 20 * time.Second

// spacing is the least time between two marks on one stream. Of those that come
// sooner one follows when it is over: each page asks again at most so often, and
// always after the last change.
const spacing = 200 * time.Millisecond

// maxStreams bounds the pages that listen at once.
const maxStreams = 1000

// bell tells the desk's open pages that something changed. It says where to
// look, not what changed: a page asks again, with its own rights. A slow
// listener loses nothing by that, so its buffer holds a few marks and no more.
type bell struct {
	mu        sync.Mutex
	listeners map[chan int64]int64 // to the workshop listened to, 0: all
	done      chan struct{}
	closed    bool
}

func newBell() *bell {
	return &bell{listeners: map[chan int64]int64{}, done: make(chan struct{})}
}

// ring marks a change of a job (0: of something else) in a workshop (0: it may
// be any). It never blocks.
func (b *bell) ring(workshopID, jobID int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for ch, only := range b.listeners {
		if only != 0 && workshopID != 0 && only != workshopID {
			continue
		}
		select {
		case ch <- jobID:
		default: // it has marks to read already and will look again
		}
	}
}

// listen adds a listener for a workshop (0: all); false when there are too many
// or the server is stopping. The returned function removes it.
func (b *bell) listen(workshopID int64) (<-chan int64, func(), bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || len(b.listeners) >= maxStreams {
		return nil, nil, false
	}
	ch := make(chan int64, 16)
	b.listeners[ch] = workshopID
	return ch, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.listeners, ch)
	}, true
}

// listening tells how many pages listen.
func (b *bell) listening() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.listeners)
}

// Watched tells whether somebody has a page open that shows news as they come.
func (s *Server) Watched() bool { return s.bell.listening() > 0 }

// close ends every stream and refuses new ones.
func (b *bell) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.closed = true
		close(b.done)
	}
}

// events is the live stream of the desk's pages (server-sent events, WHATWG
// HTML section 9.2): "event: change" with the job's id as its data, 0 where it is
// about several jobs or about something else.
func (s *Server) events(c echo.Context) error {
	staff := s.staff(c)
	changes, leave, ok := s.bell.listen(staff.WorkshopID)
	if !ok {
		c.Response().Header().Set("Retry-After", "10")
		return c.NoContent(http.StatusServiceUnavailable)
	}
	defer leave()
	w := c.Response()
	control := http.NewResponseController(w)
	h := w.Header()
	h.Set(echo.HeaderContentType, "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	send := func(format string, args ...any) error {
		// A browser that does not read is let go, not waited for.
		if err := control.SetWriteDeadline(time.Now().Add(10 * time.Second)); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, format, args...); err != nil {
			return err
		}
		return control.Flush()
	}
	if err := send("retry: 3000\n\n"); err != nil {
		return nil
	}
	s.here(c, staff.ID)
	tick, beats := time.NewTicker(heartbeat), 0
	defer tick.Stop()
	pace := newPace()
	defer pace.after.Stop()
	for {
		var err error
		select {
		case <-c.Request().Context().Done():
			return nil
		case <-s.bell.done:
			return nil
		case jobID := <-changes:
			if pace.now(jobID) {
				err = send(changed, jobID)
			}
		case <-pace.after.C:
			err = send(changed, pace.held())
		case <-tick.C:
			if beats++; beats%3 == 0 {
				s.here(c, staff.ID)
			}
			err = send(": still here\n\n")
		}
		if err != nil {
			return nil
		}
	}
}

// changed is a mark on the stream.
const changed = "event: change\ndata: %d\n\n"

// pace keeps the marks of one stream apart.
type pace struct {
	after *time.Timer // runs while a mark is held back
	last  time.Time   // when one was sent
	jobID int64       // of what is held back
	holds bool
}

func newPace() *pace {
	p := &pace{after: time.NewTimer(time.Hour)}
	p.after.Stop()
	return p
}

// now tells whether a mark goes out at once; else it is held back.
func (p *pace) now(jobID int64) bool {
	switch wait := spacing - time.Since(p.last); {
	case !p.holds && wait <= 0:
		p.last = time.Now()
		return true
	case !p.holds:
		p.holds, p.jobID = true, jobID
		p.after.Reset(wait)
	case p.jobID != jobID:
		p.jobID = 0
	}
	return false
}

// held gives the mark that was held back.
func (p *pace) held() int64 {
	p.holds, p.last = false, time.Now()
	return p.jobID
}
