package web

import (
	"fmt"
	"strconv"
	"strings"

	"neuvo/internal/fault"
)

// WholeIn is how a list is read on that is loaded at once and mostly fits one
// page; the library reads only exported embedded types.
type WholeIn struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"200"`
	Cursor string `query:"cursor" maxLength:"200"`
}

// whole answers with a page of a list that is loaded at once.
func whole[T any](in WholeIn, items []T, id func(*T) string) (*body[list[T]], error) {
	page, err := cut(in, items, id)
	if err != nil {
		return nil, err
	}
	return &body[list[T]]{page}, nil
}

// cut gives a page of a list. Its cursor is the number of items given so far and
// the id of the last one: where items have come or gone meanwhile the id tells
// where to go on, and where that very item has gone the number does. A cursor
// that this never gave is Invalid.
func cut[T any](in WholeIn, items []T, id func(*T) string) (list[T], error) {
	from := 0
	if in.Cursor != "" {
		count, last, ok := strings.Cut(in.Cursor, ".")
		n, err := strconv.Atoi(count)
		if !ok || err != nil || n < 1 || last == "" {
			return list[T]{}, fault.BadField("query.cursor", "fault.cursor", in.Cursor)
		}
		from = min(n, len(items))
		for i := range items {
			if id(&items[i]) == last {
				from = i + 1
				break
			}
		}
	}
	to := min(from+in.Limit, len(items))
	next := ""
	if to < len(items) {
		next = fmt.Sprintf("%d.%s", to, id(&items[to-1]))
	}
	return listOf(items[from:to], next), nil
}
