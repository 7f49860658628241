package notify

import (
	"slices"
	"strings"
)

// routesFor gives the routes that a message to an address may take, the best
// first: the longest fitting prefix, then the order in which they are set up.
func (n *Notifier) routesFor(channel Channel, to string) []Route {
	type fit struct {
		route  Route
		length int
	}
	var fits []fit
	for _, r := range n.routes[channel] {
		if length, ok := prefixLength(r.Prefixes, to); ok {
			fits = append(fits, fit{r, length})
		}
	}
	slices.SortStableFunc(fits, func(a, b fit) int { return b.length - a.length })
	list := make([]Route, len(fits))
	for i, f := range fits {
		list[i] = f.route
	}
	return list
}

// prefixLength is how much of an address the longest fitting prefix covers; no
// prefixes fit everything.
func prefixLength(prefixes []string, to string) (length int, fits bool) {
	if len(prefixes) == 0 {
		return 0, true
	}
	for _, p := range prefixes {
		if strings.HasPrefix(to, p) {
			length, fits = max(length, len(p)), true
		}
	}
	return length, fits
}
