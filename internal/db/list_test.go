package db_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"neuvo/internal/db"
	"neuvo/internal/dbtest"
)

// awkward are texts that must come through a list as they are.
var awkward = []string{"plain", "", `"quoted"`, `back\slash`, "{a,b}", "NULL", "ä 漢 🚗", "line\nbreak\ttab", "<&>\u2028", "it's ?"}

func TestAListGoesInAsOneArgument(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		err := d.Tx(t.Context(), func(ctx context.Context) error {
			for _, name := range append([]string{"another"}, awkward...) {
				if err := d.In(ctx).Create(note(name, time.Now())).Error; err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		err = d.In(t.Context()).Model(&db.Lease{}).Where(db.Among(d, "name", awkward)).Pluck("name", &found).Error
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]bool{}
		for _, name := range found {
			got[name] = true
		}
		for _, name := range awkward {
			if !got[name] {
				t.Errorf("%q was not found", name)
			}
		}
		if len(found) != len(awkward) {
			t.Errorf("%d were found of %d", len(found), len(awkward))
		}
		var none []string
		if err := d.In(t.Context()).Model(&db.Lease{}).Where(db.Among(d, "name", []string{})).Pluck("name", &none).Error; err != nil || len(none) > 0 {
			t.Errorf("an empty list found %v, %v", none, err)
		}
	})
}

func TestListsStandAsATableOfValues(t *testing.T) {
	type row struct {
		Number int64
		Word   string
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var want []row
		var numbers []int64
		for i, word := range awkward {
			numbers = append(numbers, int64(i)-1<<40)
			want = append(want, row{numbers[i], word})
		}
		var got []row
		err := d.In(t.Context()).Raw("SELECT number, word FROM ? WHERE number < ? ORDER BY number",
			d.Values(db.Ints("number", numbers), db.Texts("word", awkward)), 1<<50).Scan(&got).Error
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
