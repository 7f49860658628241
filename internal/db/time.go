package db

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// Time is an instant as the database keeps it: microseconds since 1970 UTC in a
// BIGINT column, NULL for the zero value. It embeds time.Time for reading; wrap
// with At for writing and for query arguments.
type Time struct{ time.Time }

// At wraps an instant for storing or comparing, cut to the microseconds that
// the column holds so that a value read back equals the one written.
func At(t time.Time) Time {
	if t.IsZero() {
		return Time{}
	}
	return Time{t.UTC().Truncate(time.Microsecond)}
}

// Value implements driver.Valuer.
func (t Time) Value() (driver.Value, error) {
	if t.IsZero() {
		return nil, nil
	}
	return t.UnixMicro(), nil
}

// Scan implements sql.Scanner.
func (t *Time) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		t.Time = time.Time{}
	case int64:
		t.Time = time.UnixMicro(v).UTC()
	default:
		return fmt.Errorf("an instant is a BIGINT of microseconds, got %T", src)
	}
	return nil
}

// GormDataType names the column type for the models-against-columns test.
func (Time) GormDataType() string { return "bigint" }
