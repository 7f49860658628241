package auth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"neuvo/internal/db"
	"neuvo/internal/fault"
)

func (d *Directory) insert(ctx context.Context, s *Staff) error {
	taken := fault.New(fault.Conflict, "fault.staff_exists").With("email", s.Email)
	err := d.db.Tx(ctx, func(ctx context.Context) error {
		if same, err := d.byEmail(ctx, s.Email); err != nil || same != nil {
			return cmp.Or[error](err, taken)
		}
		return gorm.G[Staff](d.db.In(ctx)).Create(ctx, s)
	})
	switch {
	case db.IsDuplicate(err): // another was quicker by a moment
		return taken
	case errors.Is(err, taken):
		return taken
	case err != nil:
		return fmt.Errorf("add staff: %w", err)
	}
	return nil
}

func (d *Directory) all(ctx context.Context) ([]Staff, error) {
	rows, err := gorm.G[Staff](d.db.In(ctx)).Order("email").Find(ctx)
	if err != nil {
		return nil, fmt.Errorf("list staff: %w", err)
	}
	return rows, nil
}

func (d *Directory) byEmail(ctx context.Context, email string) (*Staff, error) {
	return d.one(ctx, "email = ?", email)
}

func (d *Directory) byID(ctx context.Context, id int64) (*Staff, error) {
	return d.one(ctx, "id = ?", id)
}

func (d *Directory) one(ctx context.Context, where string, arg any) (*Staff, error) {
	rows, err := gorm.G[Staff](d.db.In(ctx)).Where(where, arg).Limit(1).Find(ctx)
	if err != nil {
		return nil, fmt.Errorf("find staff: %w", err)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	return &rows[0], nil
}

func (d *Directory) insertToken(ctx context.Context, t *Token) error {
	err := d.db.Tx(ctx, func(ctx context.Context) error { return gorm.G[Token](d.db.In(ctx)).Create(ctx, t) })
	if err != nil {
		return fmt.Errorf("keep API token: %w", err)
	}
	return nil
}

func (d *Directory) findToken(ctx context.Context, hash string) (*Token, *Staff, error) {
	rows, err := gorm.G[Token](d.db.In(ctx)).Where("hash = ?", hash).Limit(1).Find(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("find API token: %w", err)
	}
	if len(rows) == 0 {
		return nil, nil, nil
	}
	s, err := d.byID(ctx, rows[0].StaffID)
	return &rows[0], s, err
}

func (d *Directory) touchToken(ctx context.Context, id int64, at time.Time) error {
	err := d.db.Tx(ctx, func(ctx context.Context) error {
		_, err := gorm.G[Token](d.db.In(ctx)).Where("id = ?", id).Update(ctx, "last_used_at", db.At(at))
		return err
	})
	if err != nil {
		return fmt.Errorf("note use of API token: %w", err)
	}
	return nil
}

// SessionStore keeps browser sessions in table sessions. It has the shape of
// scs.CtxStore. The session library reads the machine's clock and so does this
// store: a sign-in ends by the browser's time, also where a demo's clock is
// moved ahead by months.
type SessionStore struct {
	db  *db.DB
	now func() time.Time
}

// SessionStore gives the store for the web layer's session manager, which must
// be set to hash tokens before they come here.
func (d *Directory) SessionStore() *SessionStore {
	return &SessionStore{db: d.db, now: time.Now}
}

// FindCtx gives the data of a session that has not expired.
func (s *SessionStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	rows, err := gorm.G[Session](s.db.In(ctx)).Where("token = ? AND expiry > ?", token, db.At(s.now())).Limit(1).Find(ctx)
	if err != nil {
		return nil, false, fmt.Errorf("find session: %w", err)
	}
	if len(rows) == 0 {
		return nil, false, nil
	}
	return rows[0].Data, true, nil
}

// CommitCtx stores a session or replaces it.
func (s *SessionStore) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	row := Session{Token: token, Data: data, Expiry: db.At(expiry)}
	err := s.db.Tx(ctx, func(ctx context.Context) error {
		return gorm.G[Session](s.db.In(ctx), clause.OnConflict{
			Columns: []clause.Column{{Name: "token"}}, DoUpdates: clause.AssignmentColumns([]string{"data", "expiry"}),
		}).Create(ctx, &row)
	})
	if err != nil {
		return fmt.Errorf("keep session: %w", err)
	}
	return nil
}

// DeleteCtx removes a session; one that does not exist is fine.
func (s *SessionStore) DeleteCtx(ctx context.Context, token string) error {
	err := s.db.Tx(ctx, func(ctx context.Context) error {
		_, err := gorm.G[Session](s.db.In(ctx)).Where("token = ?", token).Delete(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// Find is FindCtx for callers without a context.
func (s *SessionStore) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Commit is CommitCtx for callers without a context.
func (s *SessionStore) Commit(token string, data []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expiry)
}

// Delete is DeleteCtx for callers without a context.
func (s *SessionStore) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }

// PurgeSessions removes expired sessions and tells how many there were.
func (d *Directory) PurgeSessions(ctx context.Context) (int, error) {
	n := 0
	err := d.db.Tx(ctx, func(ctx context.Context) error {
		var err error
		n, err = gorm.G[Session](d.db.In(ctx)).Where("expiry <= ?", db.At(time.Now())).Delete(ctx)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("purge sessions: %w", err)
	}
	return n, nil
}

// Seen notes that a page of the desk is open before a person.
func (d *Directory) Seen(ctx context.Context, id int64) error {
	err := d.db.Tx(ctx, func(ctx context.Context) error {
		return d.db.In(ctx).Model(&Staff{}).Where("id = ?", id).Update("seen_at", db.At(d.db.Now())).Error
	})
	if err != nil {
		return fmt.Errorf("note that staff %d is here: %w", id, err)
	}
	return nil
}

// Told is how a person wants to be told.
type Told struct {
	Phone      string // E.164
	Email, SMS bool
	Minutes    int
}

// SetTold changes how a person is told. Invalid where texts are wished for without a
// phone, or the minutes are out of range.
func (d *Directory) SetTold(ctx context.Context, id int64, t Told) error {
	switch {
	case t.SMS && t.Phone == "":
		return fault.BadField("phone", "fault.required", nil)
	case t.Minutes < 1 || t.Minutes > 240:
		f := fault.BadField("minutes", "fault.between", t.Minutes)
		f.Fields[0].Args = map[string]any{"min": 1, "max": 240}
		return f
	}
	err := d.db.Tx(ctx, func(ctx context.Context) error {
		return d.db.In(ctx).Model(&Staff{}).Where("id = ?", id).
			Updates(map[string]any{"phone": t.Phone, "tell_email": t.Email, "tell_sms": t.SMS, "tell_minutes": t.Minutes}).Error
	})
	if err != nil {
		return fmt.Errorf("change how staff %d is told: %w", id, err)
	}
	return nil
}
