package demo

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
)

// reload reads the file from its start. A last line that a crash tore is cut
// off: its sender got no 250 and sends it again. A broken line before that is
// an error, since what follows would get other UIDs.
func (s *store) reload() error {
	r := bufio.NewReaderSize(s.file, 1<<20)
	for n := 1; ; n++ {
		line, err := r.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read %s: %w", s.file.Name(), err)
		}
		if len(line) == 0 {
			return nil
		}
		rec, decodeErr := decodeRecord(line)
		whole := line[len(line)-1] == '\n'
		if !whole || (decodeErr != nil && atEnd(r)) {
			return s.cutTail()
		}
		if decodeErr != nil {
			return fmt.Errorf("%s line %d is damaged: %w", s.file.Name(), n, decodeErr)
		}
		s.size += int64(len(line))
		s.next = rec.ID + 1
		if _, err := s.apply(rec); err != nil {
			return fmt.Errorf("%s line %d: %w", s.file.Name(), n, err)
		}
	}
}

func atEnd(r *bufio.Reader) bool {
	_, err := r.Peek(1)
	return errors.Is(err, io.EOF)
}

func (s *store) cutTail() error {
	if err := s.file.Truncate(s.size); err != nil {
		return fmt.Errorf("cut the torn end of %s: %w", s.file.Name(), err)
	}
	return s.file.Sync()
}

// syncDir makes the file's name itself survive a power cut.
func syncDir(path string) error {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// literal hands bytes to the IMAP server.
func literal(b []byte) imap.LiteralReader {
	return struct {
		*bytes.Reader
	}{bytes.NewReader(b)}
}

// sortLatest sorts by time, the latest first, and by name where times are equal.
func sortLatest[T any](list []T, key func(T) (time.Time, string)) {
	slices.SortFunc(list, func(a, b T) int {
		at, an := key(a)
		bt, bn := key(b)
		if c := bt.Compare(at); c != 0 {
			return c
		}
		return strings.Compare(an, bn)
	})
}
