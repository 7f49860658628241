package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/url"
	"time"

	"neuvo/internal/db"
)

// examination is one run of the doctor.
type examination struct {
	settingsServe
	out io.Writer
	log *slog.Logger
	now func() time.Time
	// lookupTXT asks DNS; the machine's resolver where nil.
	lookupTXT func(ctx context.Context, name string) ([]string, error)

	db    *db.DB     // once opened
	ready bool       // its schema is ours
	seen  []sighting // other clocks
}

// sighting is what another clock said, and what ours said then.
type sighting struct {
	whose    string
	at, here time.Time
}

// close gives the database back; the checks are over and nothing was written.
func (e *examination) close() {
	if e.db == nil {
		return
	}
	if err := e.db.Close(); err != nil {
		e.log.Warn("close the database", "error", err)
	}
}

// hostOf is the host of a URL, without the password that stands in it.
func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "the host"
	}
	return u.Host
}

// shortly is the cause of a failed request, without the address again.
func shortly(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}
