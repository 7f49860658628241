package booking

import (
	"context"
	"sync"
	"time"

	"neuvo/internal/db"
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

// blockAtoms is how many atoms a block has, some four weeks: what is kept in
// memory is kept, and goes out of date, block by block.
const blockAtoms = 8192

// blockOf is the block that an atom lies in.
func blockOf(atom int64) int64 { return floorDiv(atom, blockAtoms) }

// occupancy is what is taken at one workshop.
type occupancy struct {
	mu       sync.Mutex
	versions map[markKey]int64
	sums     map[int64]int64 // of the versions, by block
	claims   map[markKey]*claimBlock
	counts   map[int64]*countBlock
}

// markKey names what a Mark is about; resource 0 are the counters.
type markKey struct{ block, resource int64 }

// claimBlock are the claims of a resource in a block. It is not changed after.
type claimBlock struct {
	version int64
	words   [blockAtoms / 64]uint64 // of jobs
	held    []heldAtom
}

type heldAtom struct {
	atom, holdID int64
	expires      time.Time
}

// countBlock are the counters of a workshop in a block. It is not changed after.
type countBlock struct {
	version int64
	all     []counted // with what holds have taken
	held    []heldCount
}

type heldCount struct {
	counted
	holdID  int64
	expires time.Time
}

func newOccupancy() *occupancy {
	return &occupancy{versions: map[markKey]int64{}, sums: map[int64]int64{}, claims: map[markKey]*claimBlock{}, counts: map[int64]*countBlock{}}
}

// occupancy gives a workshop's occupancy; inside a transaction an empty one, for
// what a transaction sees may never have been.
func (d *Desk) occupancy(ctx context.Context, workshopID int64) *occupancy {
	if d.db.InTx(ctx) {
		return newOccupancy()
	}
	d.memory.mu.Lock()
	defer d.memory.mu.Unlock()
	o := d.memory.taken[workshopID]
	if o == nil {
		if d.memory.taken == nil {
			d.memory.taken = map[int64]*occupancy{}
		}
		o = newOccupancy()
		d.memory.taken[workshopID] = o
	}
	return o
}

// sight is what is taken in a range of blocks, as a question needs it.
type sight struct {
	from, to int64 // blocks, both included
	claims   map[markKey]*claimBlock
	counts   []*countBlock
}

// look brings the occupancy of some resources, and of the counters where asked
// for, up to date and gives it: one query where nothing has changed, at most
// five more where something has.
func (d *Desk) look(ctx context.Context, o *occupancy, shopID int64, resources []int64, counters bool, from, to int64) (*sight, error) {
	sum, err := d.marksSum(ctx, shopID, from, to)
	if err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	known := int64(0)
	for b := from; b <= to; b++ {
		known += o.sums[b]
	}
	if known != sum {
		marks, err := d.marks(ctx, shopID, from, to)
		if err != nil {
			return nil, err
		}
		for b := from; b <= to; b++ {
			o.sums[b] = 0
		}
		for _, m := range marks {
			o.versions[markKey{m.Block, m.ResourceID}] = m.Version
			o.sums[m.Block] += m.Version
		}
	}
	if err := o.refresh(ctx, d, shopID, resources, counters, from, to); err != nil {
		return nil, err
	}
	s := &sight{from: from, to: to, claims: make(map[markKey]*claimBlock, len(resources)*int(to-from+1))}
	for b := from; b <= to; b++ {
		for _, r := range resources {
			s.claims[markKey{b, r}] = o.claims[markKey{b, r}]
		}
		if counters {
			s.counts = append(s.counts, o.counts[b])
		}
	}
	return s, nil
}

// refresh loads the blocks that are missing or out of date.
func (o *occupancy) refresh(ctx context.Context, d *Desk, shopID int64, resources []int64, counters bool, from, to int64) error {
	var stale []int64
	low, high := to, from
	for _, r := range resources {
		is := false
		for b := from; b <= to; b++ {
			k := markKey{b, r}
			if c := o.claims[k]; c == nil || c.version != o.versions[k] {
				is = true
				low, high = min(low, b), max(high, b)
			}
		}
		if is {
			stale = append(stale, r)
		}
	}
	if len(stale) > 0 {
		o.prune(from)
		blocks, err := d.claimBlocks(ctx, stale, low, high)
		if err != nil {
			return err
		}
		for k, c := range blocks {
			c.version = o.versions[k]
			o.claims[k] = c
		}
	}
	if !counters {
		return nil
	}
	low, high = to+1, from-1
	for b := from; b <= to; b++ {
		if c := o.counts[b]; c == nil || c.version != o.versions[markKey{b, 0}] {
			low, high = min(low, b), max(high, b)
		}
	}
	if low > high {
		return nil
	}
	blocks, err := d.countBlocks(ctx, shopID, low, high)
	if err != nil {
		return err
	}
	for b, c := range blocks {
		c.version = o.versions[markKey{b, 0}]
		o.counts[b] = c
	}
	return nil
}

// maxBlocks bounds how many blocks of claims a workshop has in memory, some
// 1 kB each.
const maxBlocks = 20_000

// prune forgets everything where it has grown too much.
func (o *occupancy) prune(int64) {
	if len(o.claims) > maxBlocks {
		clear(o.claims)
	}
}

// changed is what a transaction did to the claims: told to the memory once it
// has committed.
type changed struct {
	shopID     int64
	marks      []Mark // as they are now
	gone, come []Claim
	expires    time.Time // of the hold that came
	reload     bool      // what changed is not told here
}

// learn puts the change of a transaction of our own into memory, so that a busy
// block need not be loaded again. Only the very next version can be learned:
// whoever missed one loads.
func (o *occupancy) learn(c changed) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, m := range c.marks {
		k := markKey{m.Block, m.ResourceID}
		old := o.claims[k]
		if m.ResourceID == 0 || old == nil || old.version != m.Version-1 || o.versions[k] != m.Version-1 {
			continue
		}
		fresh := &claimBlock{version: m.Version, words: old.words, held: old.held}
		for _, g := range c.gone {
			if g.ResourceID == k.resource && blockOf(g.Atom) == k.block {
				fresh.drop(g)
			}
		}
		for _, n := range c.come {
			if n.ResourceID == k.resource && blockOf(n.Atom) == k.block {
				fresh.put(n, c.expires)
			}
		}
		o.claims[k] = fresh
		o.versions[k] = m.Version
		o.sums[k.block]++
	}
}

// put adds a claim to a block that nobody else has yet.
func (b *claimBlock) put(c Claim, expires time.Time) {
	if c.HoldID != 0 {
		b.held = append(b.held[:len(b.held):len(b.held)], heldAtom{c.Atom, c.HoldID, expires})
		return
	}
	i := c.Atom - blockOf(c.Atom)*blockAtoms
	b.words[i>>6] |= 1 << (i & 63)
}

// drop takes a claim out of a block that nobody else has yet.
func (b *claimBlock) drop(c Claim) {
	if c.HoldID != 0 {
		var kept []heldAtom
		for _, h := range b.held {
			if h.atom != c.Atom {
				kept = append(kept, h)
			}
		}
		b.held = kept
		return
	}
	i := c.Atom - blockOf(c.Atom)*blockAtoms
	b.words[i>>6] &^= 1 << (i & 63)
}

// into puts what is taken of a resource into a set of atoms that counts from
// base, a multiple of 64. The claims of holds that have run out do not count,
// nor what an exception leaves out.
func (s *sight) into(set atoms, base, resource int64, now db.Time, except *exceptions) {
	for b := s.from; b <= s.to; b++ {
		block := s.claims[markKey{b, resource}]
		if block == nil {
			continue
		}
		shift := int((b*blockAtoms - base) / 64)
		for i := max(0, -shift); i < len(block.words) && i+shift < len(set); i++ {
			set[i+shift] |= block.words[i]
		}
		for _, h := range block.held {
			if h.expires.After(now.Time) && h.holdID != except.holdID {
				i := int(h.atom - base)
				set.add(i, i+1)
			}
		}
	}
	for _, c := range except.claims {
		if c.ResourceID == resource {
			i := int(c.Atom - base)
			set.remove(i, i+1)
		}
	}
}

// counted gives the counters' use, without that of holds that have run out and
// of what an exception leaves out.
func (s *sight) counted(now db.Time, except *exceptions) []counted {
	var out []counted
	less := map[counted]counted{} // by kind, owner and time
	key := func(c counted) counted { return counted{kind: c.kind, owner: c.owner, at: c.at} }
	take := func(c counted) {
		sum := less[key(c)]
		sum.used, sum.desk = sum.used+c.used, sum.desk+c.desk
		less[key(c)] = sum
	}
	for _, t := range except.takings {
		take(countedOf(t.Kind, t.OwnerID, t.Period, t.Used, t.Desk))
	}
	for _, b := range s.counts {
		for _, h := range b.held {
			if !h.expires.After(now.Time) && h.holdID != except.holdID {
				take(h.counted)
			}
		}
	}
	for _, b := range s.counts {
		if len(less) == 0 {
			out = append(out, b.all...)
			continue
		}
		for _, c := range b.all {
			minus := less[key(c)]
			c.used, c.desk = c.used-minus.used, c.desk-minus.desk
			out = append(out, c)
		}
	}
	return out
}
