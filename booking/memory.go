package booking

import (
	"context"
	"sync"
)

// memory keeps what availability works with from one question to the next. It
// is checked against the database each time, with two rows that every change
// moves: see CatalogueMark and Mark. It holds only what has been committed.
type memory struct {
	mu    sync.Mutex
	shops map[int64]*snapshot
	taken map[int64]*occupancy
}

// snapshot is the calendar of a workshop at one version of the catalogue.
type snapshot struct {
	*calendar
	version int64

	mu     sync.Mutex
	frames map[frameKey]*window
	words  int // how much the frames hold
}

type frameKey struct {
	first, last string
	pad         int
}

// maxFrameWords bounds the frames of a workshop, 8 bytes each.
const maxFrameWords = 4 << 20

// frame is calendar.frame, kept.
func (s *snapshot) frame(first, last date, pad int) *window {
	key := frameKey{first.String(), last.String(), pad}
	s.mu.Lock()
	w := s.frames[key]
	s.mu.Unlock()
	if w != nil {
		return w
	}
	w = s.calendar.frame(first, last, pad)
	size := len(w.open) * (4 + 3*(len(w.lanes)+len(w.bays)+len(w.loaners)))
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.words += size; s.words > maxFrameWords || s.frames == nil {
		s.frames, s.words = map[frameKey]*window{}, size
	}
	s.frames[key] = w
	return w
}

// keepBack is how far back a snapshot knows closures and absences.
const keepBack = 40 // days

// snapshot gives a workshop's calendar, from memory where nothing has changed;
// NotFound where there is no such workshop.
func (d *Desk) snapshot(ctx context.Context, workshopID int64) (*snapshot, error) {
	if d.db.InTx(ctx) {
		return d.loadSnapshot(ctx, workshopID, 0)
	}
	version, err := d.catalogueVersion(ctx)
	if err != nil {
		return nil, err
	}
	d.memory.mu.Lock()
	s := d.memory.shops[workshopID]
	d.memory.mu.Unlock()
	if s != nil && s.version == version {
		return s, nil
	}
	if s, err = d.loadSnapshot(ctx, workshopID, version); err != nil {
		return nil, err
	}
	d.memory.mu.Lock()
	defer d.memory.mu.Unlock()
	if d.memory.shops == nil {
		d.memory.shops = map[int64]*snapshot{}
	}
	d.memory.shops[workshopID] = s
	return s, nil
}

func (d *Desk) loadSnapshot(ctx context.Context, workshopID, version int64) (*snapshot, error) {
	shop, err := d.Workshop(ctx, workshopID)
	if err != nil {
		return nil, err
	}
	c, err := d.calendar(ctx, shop, dateOf(d.now().Time, shop.Zone()).add(-keepBack))
	if err != nil {
		return nil, err
	}
	return &snapshot{calendar: c, version: version}, nil
}
