package booking

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"neuvo/internal/fault"
)

// Bounds of a page of jobs.
const (
	defaultPage = 50
	maxPage     = 500
	maxQuery    = 100
)

// place is where a page of jobs ended.
type place struct{ micros, id int64 }

func (p place) String() string {
	return strconv.FormatInt(p.micros, 36) + "-" + strconv.FormatInt(p.id, 36)
}

func parsePlace(s string) (place, error) {
	if s == "" {
		return place{}, nil
	}
	micros, id, ok := strings.Cut(s, "-")
	var p place
	var err1, err2 error
	p.micros, err1 = strconv.ParseInt(micros, 36, 64)
	p.id, err2 = strconv.ParseInt(id, 36, 64)
	if !ok || err1 != nil || err2 != nil || p.id <= 0 {
		return place{}, fault.BadField("query.cursor", "fault.cursor", s)
	}
	return p, nil
}

// Jobs lists jobs in order of their start, with everything beside them, page by
// page; next is the cursor of the following page, "" at the end. The number of
// queries does not depend on the number of jobs.
func (d *Desk) Jobs(ctx context.Context, f JobFilter) (items []Job, next string, err error) {
	after, err := parsePlace(f.Cursor)
	if err != nil {
		return nil, "", err
	}
	if len(f.Query) > maxQuery {
		return nil, "", invalid([]fault.Field{{Location: "query.q", Key: "fault.too_long", Args: map[string]any{"max": maxQuery}}})
	}
	if f.Limit <= 0 {
		f.Limit = defaultPage
	}
	f.Limit = min(f.Limit, maxPage)
	items, err = d.jobsPage(ctx, f, after)
	if err != nil {
		return nil, "", err
	}
	if len(items) > f.Limit {
		items = items[:f.Limit]
		last := items[f.Limit-1]
		next = place{last.StartAt.UnixMicro(), last.ID}.String()
	}
	if err := d.fill(ctx, items); err != nil {
		return nil, "", fmt.Errorf("fill the page of jobs: %w", err)
	}
	return items, next, nil
}
