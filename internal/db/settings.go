package db

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"

	"gorm.io/gorm/clause"
)

// Setting is a row of table settings: what the program must remember about
// itself, such as its signing key or the demo clock's offset.
type Setting struct {
	Key   string `gorm:"primaryKey"`
	Value string
}

// GetSetting reads a setting; "" when there is none.
func (d *DB) GetSetting(ctx context.Context, key string) (string, error) {
	var rows []Setting
	if err := d.In(ctx).Where("key = ?", key).Limit(1).Find(&rows).Error; err != nil {
		return "", fmt.Errorf("read setting %s: %w", key, err)
	}
	if len(rows) == 0 {
		return "", nil
	}
	return rows[0].Value, nil
}

// SetSetting writes a setting.
func (d *DB) SetSetting(ctx context.Context, key, value string) error {
	return d.Tx(ctx, func(ctx context.Context) error {
		return d.In(ctx).Clauses(clause.OnConflict{
			Columns: []clause.Column{{Name: "key"}}, DoUpdates: clause.AssignmentColumns([]string{"value"}),
		}).Create(&Setting{Key: key, Value: value}).Error
	})
}

// Secret gives the named random key of 32 bytes, making it on first use. It
// lives in the database so that replicas and restored backups sign alike.
func (d *DB) Secret(ctx context.Context, name string) ([]byte, error) {
	key := "secret." + name
	fresh := make([]byte, 32)
	if _, err := rand.Read(fresh); err != nil {
		return nil, err
	}
	err := d.Tx(ctx, func(ctx context.Context) error {
		return d.In(ctx).Clauses(clause.OnConflict{DoNothing: true}).
			Create(&Setting{Key: key, Value: hex.EncodeToString(fresh)}).Error
	})
	if err != nil {
		return nil, fmt.Errorf("make secret %s: %w", name, err)
	}
	text, err := d.GetSetting(ctx, key)
	if err != nil {
		return nil, err
	}
	return hex.DecodeString(text)
}
