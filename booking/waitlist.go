package booking

import (
	"neuvo/internal/db"
)

// WaitState is where an entry of the waiting list stands.
type WaitState string

// States of an entry: it waits, a time is held for it, it led to a job, the
// customer left, or nothing came of it in time.
const (
	Waiting     WaitState = "waiting"
	WaitOffered WaitState = "offered"
	WaitBooked  WaitState = "booked"
	WaitLeft    WaitState = "left"
	WaitExpired WaitState = "expired"
)

// WaitEntry is somebody who wants to hear when a time becomes free.
type WaitEntry struct {
	ID           int64 `gorm:"primaryKey"`
	WorkshopID   int64
	Token        string // the secret of the entry's page
	State        WaitState
	Version      int     // moves with every offer, and outdates texts of the one before
	ServiceIDs   []int64 `gorm:"serializer:json"`
	AdvisorID    int64   // 0: anyone
	Transport    string
	Earliest     db.Time
	Latest       db.Time // the last start that would do
	ContactName  string
	ContactPhone string
	ContactEmail string
	Locale       string
	Vehicle      *VehicleInput `gorm:"serializer:json"`
	Passed       []int64       `gorm:"serializer:json"` // Unix times of starts that were turned down
	Unanswered   int           // offers in a row that ran out without a word
	HoldKey      string
	OfferWith    int64 // the advisor of the held time
	OfferStart   db.Time
	OfferUntil   db.Time
	CheckAt      db.Time // when to look for a time; NULL: not at all
	JobID        int64
	CreatedAt    db.Time
	ClosedAt     db.Time

	// Loaded beside the row.
	Workshop *Workshop `gorm:"-"`
	Advisor  *Advisor  `gorm:"-"` // of the held time, else the one wished for
	Services []Service `gorm:"-"`
}

// TableName names the list, not its entries.
func (WaitEntry) TableName() string { return "waitlist" }
