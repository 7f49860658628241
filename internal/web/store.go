package web

import (
	"context"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"neuvo/internal/db"
)

// StoredAnswer is a row of idempotency_keys: a POST and what it was answered.
type StoredAnswer struct {
	Key         string `gorm:"primaryKey"` // digest of caller, path and key
	RequestHash string
	Status      int // 0 while the first request is under way
	ContentType string
	Location    string
	Body        []byte
	CreatedAt   db.Time
}

// TableName names the table.
func (StoredAnswer) TableName() string { return "idempotency_keys" }

// reserveKey takes a key for a first request and gives nil, or gives what is
// stored under it. Rows that are too old, or whose request died, are replaced.
func (s *Server) reserveKey(ctx context.Context, key, hash string) (*StoredAnswer, error) {
	var found *StoredAnswer
	err := s.opt.DB.Tx(ctx, func(ctx context.Context) error {
		found = nil
		now := s.opt.Now()
		conn := s.opt.DB.In(ctx)
		_, err := gorm.G[StoredAnswer](conn).
			Where("key = ? AND (created_at < ? OR (status = 0 AND created_at < ?))", key,
				db.At(now.Add(-idempotencyLife)), db.At(now.Add(-abandonedAfter))).Delete(ctx)
		if err != nil {
			return err
		}
		row := StoredAnswer{Key: key, RequestHash: hash, Body: []byte{}, CreatedAt: db.At(now)}
		res := conn.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		if res.Error != nil || res.RowsAffected == 1 {
			return res.Error
		}
		rows, err := gorm.G[StoredAnswer](conn).Where("key = ?", key).Limit(1).Find(ctx)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return gorm.ErrRecordNotFound
		}
		found = &rows[0]
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reserve an idempotency key: %w", err)
	}
	return found, nil
}

// keepAnswer stores the answer of a key that this request has reserved.
func (s *Server) keepAnswer(ctx context.Context, key string, answer StoredAnswer) error {
	return s.opt.DB.Tx(ctx, func(ctx context.Context) error {
		_, err := gorm.G[StoredAnswer](s.opt.DB.In(ctx)).Where("key = ?", key).
			Select("status", "content_type", "location", "body").Updates(ctx, answer)
		return err
	})
}

// TakeOver frees the keys of requests that never ended. Only a program that
// knows itself to be alone may do so: on SQLite, at its start, whoever worked on
// them is dead.
func (s *Server) TakeOver(ctx context.Context) error {
	return s.opt.DB.Tx(ctx, func(ctx context.Context) error {
		_, err := gorm.G[StoredAnswer](s.opt.DB.In(ctx)).Where("status = 0").Delete(ctx)
		return err
	})
}

// releaseKey forgets a key whose request came to no final answer.
func (s *Server) releaseKey(ctx context.Context, key string) error {
	return s.opt.DB.Tx(ctx, func(ctx context.Context) error {
		_, err := gorm.G[StoredAnswer](s.opt.DB.In(ctx)).Where("key = ? AND status = 0", key).Delete(ctx)
		return err
	})
}

// Purge forgets the answers to POSTs that are older than 24 hours and tells how
// many there were; answers about free times that lie in memory go with them.
func (s *Server) Purge(ctx context.Context) (int, error) {
	s.memory.forget()
	n := 0
	err := s.opt.DB.Tx(ctx, func(ctx context.Context) error {
		var err error
		n, err = gorm.G[StoredAnswer](s.opt.DB.In(ctx)).
			Where("created_at < ?", db.At(s.opt.Now().Add(-idempotencyLife))).Delete(ctx)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("purge idempotency keys: %w", err)
	}
	return n, nil
}
