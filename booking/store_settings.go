package booking

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"

	"neuvo/internal/db"
	"neuvo/internal/fault"
)

// errInUse says that something refers to what was to be removed.
var errInUse = errors.New("still referred to")

// inUse tells that a row cannot go because of others, whoever noticed.
func inUse(err error) bool {
	return errors.Is(err, errInUse) || errors.Is(err, gorm.ErrForeignKeyViolated)
}

// lockSetting loads one row and, on PostgreSQL, holds it until the transaction
// ends: two managers who change different fields at once both get their way.
func lockSetting[T any](ctx context.Context, d *db.DB, what string, id int64) (*T, error) {
	var rows []T
	if err := d.ForUpdate(d.In(ctx)).Where("id = ?", id).Limit(1).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("load %s: %w", what, err)
	}
	if len(rows) == 0 {
		return nil, notFound()
	}
	return &rows[0], nil
}

func insertSetting(ctx context.Context, d *db.DB, what string, row any) error {
	return settingStored(what, d.In(ctx).Create(row).Error)
}

func updateSetting(ctx context.Context, d *db.DB, what string, row any) error {
	return settingStored(what, d.In(ctx).Select("*").Updates(row).Error)
}

func deleteSetting(ctx context.Context, d *db.DB, what string, row any) error {
	if err := d.In(ctx).Delete(row).Error; err != nil {
		return fmt.Errorf("remove %s: %w", what, err)
	}
	return nil
}

// settingStored names what may be there only once.
func settingStored(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case !db.IsDuplicate(err):
		return fmt.Errorf("store %s: %w", what, err)
	case what == "closure":
		return fault.BadField("body.from", "fault.closure_exists", nil)
	case what == "pool":
		return fault.BadField("body.skill", "fault.key_taken", nil)
	}
	return fault.BadField("body.key", "fault.key_taken", nil)
}

// anyRow tells whether one of the questions finds a row.
func (d *Desk) anyRow(ctx context.Context, questions ...question) (bool, error) {
	for _, q := range questions {
		var n int64
		if err := d.db.In(ctx).Table(q.table).Where(q.where, q.args...).Limit(1).Count(&n).Error; err != nil {
			return false, fmt.Errorf("look for %s: %w", q.table, err)
		}
		if n > 0 {
			return true, nil
		}
	}
	return false, nil
}

// question asks whether a table has a row.
type question struct {
	table, where string
	args         []any
}

// dropWhere removes rows of a model.
func (d *Desk) dropWhere(ctx context.Context, model any, where string, args ...any) error {
	if err := d.db.In(ctx).Where(where, args...).Delete(model).Error; err != nil {
		return fmt.Errorf("remove %T: %w", model, err)
	}
	return nil
}

// setWhere gives one column of a model's rows a value.
func (d *Desk) setWhere(ctx context.Context, model any, column string, value any, where string, args ...any) error {
	if err := d.db.In(ctx).Model(model).Where(where, args...).Update(column, value).Error; err != nil {
		return fmt.Errorf("set %s of %T: %w", column, model, err)
	}
	return nil
}

// record writes a line of what was changed; whatever is kept in memory of the
// settings is outdated by the database itself. before is nil for
// what was added, after for what was removed.
func (d *Desk) record(ctx context.Context, by Manager, shop int64, what string, id int64, name string, before, after any) error {
	entry := SettingsEntry{At: d.now(), StaffID: by.Actor.StaffID, WorkshopID: shop, What: what, WhatID: id, Name: name}
	old, fresh := columnsOf(before), columnsOf(after)
	if old != nil && fresh != nil {
		for column, value := range old {
			if reflect.DeepEqual(value, fresh[column]) {
				delete(old, column)
				delete(fresh, column)
			}
		}
	}
	for to, from := range map[*string]map[string]any{&entry.Before: old, &entry.After: fresh} {
		if from == nil {
			continue
		}
		text, err := json.Marshal(from)
		if err != nil {
			return fmt.Errorf("record a change of %s: %w", what, err)
		}
		*to = string(text)
	}
	if err := d.db.In(ctx).Create(&entry).Error; err != nil {
		return fmt.Errorf("record a change of %s: %w", what, err)
	}
	return nil
}

// columnsOf gives a row's members under the names of their columns; nil for no
// row. A map is taken as it is.
func columnsOf(row any) map[string]any {
	if row == nil {
		return nil
	}
	if m, ok := row.(map[string]any); ok {
		return m
	}
	v := reflect.ValueOf(row)
	out := make(map[string]any, v.NumField())
	for f := range v.Type().Fields() {
		if f.IsExported() && f.Tag.Get("gorm") != "-" {
			out[schema.NamingStrategy{}.ColumnName("", f.Name)] = v.FieldByIndex(f.Index).Interface()
		}
	}
	return out
}

// SettingsLog gives the latest changes of a workshop's settings, newest first.
func (d *Desk) SettingsLog(ctx context.Context, workshopID int64, limit int) ([]SettingsEntry, error) {
	var rows []SettingsEntry
	if err := d.db.In(ctx).Where("workshop_id = ?", workshopID).Order("id DESC").Limit(limit).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("load the log of settings: %w", err)
	}
	return rows, nil
}

// keysOf gives the keys in use at a workshop.
func keysOf(ctx context.Context, d *db.DB, model any, where string, args ...any) ([]string, error) {
	var keys []string
	if err := d.In(ctx).Model(model).Where(where, args...).Pluck("key", &keys).Error; err != nil {
		return nil, fmt.Errorf("load keys: %w", err)
	}
	return keys, nil
}
