package booking

import (
	"sync"
	"time"
)

// zones are the time zones that have been read: the library reads and parses
// the file of a zone each time. There are only so many names that it knows.
var zones sync.Map

// loadZone is time.LoadLocation, read once.
func loadZone(name string) (*time.Location, error) {
	if known, ok := zones.Load(name); ok {
		return known.(*time.Location), nil
	}
	loc, err := time.LoadLocation(name)
	if err == nil {
		zones.Store(name, loc)
	}
	return loc, err
}
