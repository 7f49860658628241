package notify

import (
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"gorm.io/gorm/schema"
)

// What a sender never looks at; a new column belongs here or among dueColumns.
var notForSenders = []string{
	"direction", "kind", "next_at", "claimed_until", "settled_at", "settled_by", "inbound_id", "verified",
	"match_rule", "match_evidence", "match_confidence",
}

func TestAClaimReadsEveryColumnThatASenderNeedsIntoItsField(t *testing.T) {
	s, err := schema.Parse(&Message{}, &sync.Map{}, schema.NamingStrategy{})
	if err != nil {
		t.Fatal(err)
	}
	var m Message
	columns, fields := strings.Split(dueColumns, ", "), dueFields(&m)
	if len(columns) != len(fields) {
		t.Fatalf("%d columns are read into %d fields", len(columns), len(fields))
	}
	for i, c := range columns {
		f := s.LookUpField(c)
		if f == nil {
			t.Errorf("there is no column %s", c)
			continue
		}
		want := reflect.ValueOf(&m).Elem().FieldByName(f.Name).Addr().Pointer()
		if got := reflect.ValueOf(fields[i]).Pointer(); got != want {
			t.Errorf("column %s is not read into %s", c, f.Name)
		}
	}
	for _, c := range s.DBNames {
		if slices.Contains(columns, c) == slices.Contains(notForSenders, c) {
			t.Errorf("column %s is neither read nor named as one that senders do without", c)
		}
	}
}
