package booking

import (
	"context"
	"reflect"
	"strconv"
	"strings"
	"unicode"

	"neuvo/internal/db"
	"neuvo/internal/fault"
)

// Manager is who changes the settings. What belongs to a workshop that the
// manager has no say in is not found.
type Manager struct {
	Actor Actor
	// WorkshopID is the one workshop whose settings may be changed; 0: all.
	WorkshopID int64
	// Admin may open and close workshops.
	Admin bool
}

// has tells whether a workshop is the manager's.
func (m Manager) has(workshopID int64) bool { return m.WorkshopID == 0 || m.WorkshopID == workshopID }

// SettingsEntry is one line of what was changed: by whom, when, and from what to
// what. Before is empty for what was added, After for what was removed; else
// both hold only the members that differ, as JSON.
type SettingsEntry struct {
	ID         int64 `gorm:"primaryKey"`
	At         db.Time
	StaffID    int64
	WorkshopID int64
	What       string // workshop, service, advisor, resource, pool, hours, closure
	WhatID     int64  // its id; of hours the resource's, 0 for the workshop's own
	Name       string // what people call it
	Before     string
	After      string
}

// TableName names the table.
func (SettingsEntry) TableName() string { return "settings_log" }

// settingKind is what the settings have in common: T is a row with an id that
// belongs to a workshop.
type settingKind[T any] struct {
	what string
	id   func(*T) *int64
	shop func(*T) int64
	name func(*T) string
	// keep puts back what nobody changes once it is there.
	keep func(row *T, stored T)
	// check tidies a row and gathers its wrong fields.
	check func(ctx context.Context, d *Desk, k *catalogueCheck, row *T) error
	// stored, where not nil, brings along what goes with a row.
	stored func(ctx context.Context, d *Desk, row *T) error
}

// add stores a new row and records it. The row's workshop must be the manager's.
func (t settingKind[T]) add(ctx context.Context, d *Desk, by Manager, row T) (*T, error) {
	var out T
	err := d.db.Tx(ctx, func(ctx context.Context) error {
		out = row
		if err := t.valid(ctx, d, by, &out); err != nil {
			return err
		}
		if err := insertSetting(ctx, d.db, t.what, &out); err != nil {
			return err
		}
		if t.stored != nil {
			if err := t.stored(ctx, d, &out); err != nil {
				return err
			}
		}
		return d.record(ctx, by, t.shop(&out), t.what, *t.id(&out), t.name(&out), nil, out)
	})
	if err != nil {
		return nil, err
	}
	return &out, nil
}

// change loads a row, lets edit change it, and stores and records what came of
// it. Nothing changed is nothing stored. edit may run more than once.
func (t settingKind[T]) change(ctx context.Context, d *Desk, by Manager, id int64, edit func(context.Context, *T) error) (*T, error) {
	var out T
	err := d.db.Tx(ctx, func(ctx context.Context) error {
		stored, err := lockSetting[T](ctx, d.db, t.what, id)
		if err != nil {
			return err
		}
		if !by.has(t.shop(stored)) {
			return notFound()
		}
		out = clone(*stored)
		if err := edit(ctx, &out); err != nil {
			return err
		}
		t.keep(&out, *stored)
		if err := t.valid(ctx, d, by, &out); err != nil {
			return err
		}
		if reflect.DeepEqual(out, *stored) {
			return nil
		}
		if err := updateSetting(ctx, d.db, t.what, &out); err != nil {
			return err
		}
		if t.stored != nil {
			if err := t.stored(ctx, d, &out); err != nil {
				return err
			}
		}
		return d.record(ctx, by, t.shop(&out), t.what, id, t.name(&out), *stored, out)
	})
	if err != nil {
		return nil, err
	}
	return &out, nil
}

func (t settingKind[T]) valid(ctx context.Context, d *Desk, by Manager, row *T) error {
	if shop := t.shop(row); shop != 0 && !by.has(shop) {
		return notFound()
	}
	var k catalogueCheck
	if err := t.check(ctx, d, &k, row); err != nil {
		return err
	}
	return invalid(k.bad)
}

// remove takes a row out: for good where nothing refers to it, else retire puts
// it out of use and it stays for those that do.
func (t settingKind[T]) remove(ctx context.Context, d *Desk, by Manager, id int64,
	used func(ctx context.Context, row *T) (bool, error), purge func(ctx context.Context, row *T) error, retire func(context.Context, *T) error) error {
	try := func(ctx context.Context) error {
		stored, err := lockSetting[T](ctx, d.db, t.what, id)
		if err != nil {
			return err
		}
		if !by.has(t.shop(stored)) {
			return notFound()
		}
		if is, err := used(ctx, stored); is || err != nil {
			if err == nil {
				err = errInUse
			}
			return err
		}
		if err := purge(ctx, stored); err != nil {
			return err
		}
		if err := deleteSetting(ctx, d.db, t.what, stored); err != nil {
			return err
		}
		return d.record(ctx, by, t.shop(stored), t.what, id, t.name(stored), *stored, nil)
	}
	err := d.db.Tx(ctx, try)
	if inUse(err) {
		_, err = t.change(ctx, d, by, id, retire)
	}
	return err
}

// editing makes an edit that needs no database one that could.
func editing[T any](edit func(*T) error) func(context.Context, *T) error {
	return func(_ context.Context, row *T) error { return edit(row) }
}

// managedShop finds the workshop that an input names, where it is the manager's.
func (d *Desk) managedShop(ctx context.Context, by Manager, id int64) (*Workshop, error) {
	if id == 0 {
		return nil, fault.BadField("body.workshop_id", "fault.required", nil)
	}
	shop, err := d.Workshop(ctx, id)
	if err == nil && !by.has(id) {
		err = notFound()
	}
	return shop, err
}

// newKey makes a key of a name that none of the others has: "Öljynvaihto" is
// "oljynvaihto", a second one "oljynvaihto-2".
func newKey(name string, taken []string) string {
	plain := strings.NewReplacer("ä", "a", "å", "a", "ö", "o", "õ", "o", "ü", "u", "é", "e", "ø", "o", "æ", "ae", "ß", "ss")
	var b strings.Builder
	for _, r := range plain.Replace(strings.ToLower(name)) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-") && !unicode.IsMark(r):
			b.WriteByte('-')
		}
		if b.Len() >= 50 {
			break
		}
	}
	base := strings.Trim(b.String(), "-")
	if base == "" {
		base = "x"
	}
	used := map[string]bool{}
	for _, key := range taken {
		used[key] = true
	}
	key := base
	for n := 2; used[key]; n++ {
		key = base + "-" + strconv.Itoa(n)
	}
	return key
}

// clone copies a row, so that changing its lists does not change the original.
func clone[T any](row T) T {
	v := reflect.ValueOf(&row).Elem()
	for i := range v.NumField() {
		f := v.Field(i)
		switch {
		case f.Kind() == reflect.Slice && !f.IsNil():
			f.Set(reflect.AppendSlice(reflect.MakeSlice(f.Type(), 0, f.Len()), f))
		case f.Kind() == reflect.Map && !f.IsNil():
			m := reflect.MakeMap(f.Type())
			for key, value := range f.Seq2() {
				m.SetMapIndex(key, value)
			}
			f.Set(m)
		}
	}
	return row
}
