package auth

import (
	"time"

	"neuvo/internal/db"
)

// Role is what a member of staff may do, coarsely.
type Role string

// The roles, from the most to the least allowed.
const (
	Admin   Role = "admin"
	Manager Role = "manager"
	Advisor Role = "advisor"
)

// Roles in the order of what they may do.
var Roles = []Role{Admin, Manager, Advisor}

// Staff is one person who signs in at the desk.
type Staff struct {
	ID           int64  `gorm:"primaryKey"`
	Email        string // lower-cased, unique
	Name         string
	Role         Role
	Locale       string // fi, sv, en; "" takes the browser's
	WorkshopID   int64  // 0: every workshop
	AdvisorID    int64  // 0: not bookable
	PasswordHash string // argon2id, PHC string format; "" cannot sign in
	Active       bool
	CreatedAt    db.Time
	// How the person is told of what a customer wrote while no page of the desk is
	// open, or none that shows it has been looked at for TellMinutes.
	Phone       string // E.164; "": none
	TellEmail   bool
	TellSMS     bool
	TellMinutes int
	SeenAt      db.Time // when a page of theirs was last open, to the minute
}

// DefaultTellMinutes is how long an open page may go unread before its person is
// told otherwise.
const DefaultTellMinutes = 5

// present is how long after its last sign a page counts as open.
const present = 2 * time.Minute

// Present tells whether a page of the desk is open before this person.
func (s *Staff) Present(now time.Time) bool {
	return !s.SeenAt.IsZero() && now.Sub(s.SeenAt.Time) < present
}

// TableName keeps the word, which is its own plural.
func (Staff) TableName() string { return "staff" }

// The actions that Can knows.
const (
	ActDesk   = "desk"   // see and move jobs, write to customers
	ActManage = "manage" // change what is sold, when and by whom
	ActAdmin  = "admin"  // change staff
)

// Can tells whether the person may do an action: "desk" is for every role,
// "manage" for managers and admins, "admin" for admins. Whoever is not active
// may do nothing.
func (s *Staff) Can(action string) bool {
	if s == nil || !s.Active {
		return false
	}
	switch action {
	case ActDesk:
		return s.Role == Admin || s.Role == Manager || s.Role == Advisor
	case ActManage:
		return s.Role == Admin || s.Role == Manager
	case ActAdmin:
		return s.Role == Admin
	}
	return false
}

// Sees tells whether a workshop's jobs are this person's business. A person
// without a workshop of their own sees all.
func (s *Staff) Sees(workshopID int64) bool {
	return s != nil && (s.WorkshopID == 0 || s.WorkshopID == workshopID)
}

// NewStaff is what Add needs. Password may be "": that person can use API
// tokens, not the sign-in page.
type NewStaff struct {
	Email, Name      string
	Role             Role
	Password, Locale string
	// PasswordHash is taken as it is in place of Password: who shares a password
	// need not wait for it to be hashed again.
	PasswordHash string
	WorkshopID   int64
	AdvisorID    int64
}

// Token is a row of api_tokens: the SHA-256 of a secret that was shown once.
type Token struct {
	ID         int64 `gorm:"primaryKey"`
	StaffID    int64
	Hash       string // hex SHA-256
	CreatedAt  db.Time
	LastUsedAt db.Time // at most a few minutes behind
}

// TableName names the table of tokens.
func (Token) TableName() string { return "api_tokens" }

// Session is a row of sessions as the session library hands it over.
type Session struct {
	Token  string `gorm:"primaryKey"` // hashed
	Data   []byte
	Expiry db.Time
}

// TableName names the table of sessions.
func (Session) TableName() string { return "sessions" }
