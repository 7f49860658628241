package booking

import "neuvo/internal/db"

// CalendarFeed is the secret under which an advisor's calendar is subscribed to.
type CalendarFeed struct {
	AdvisorID int64 `gorm:"primaryKey;autoIncrement:false"`
	Token     string
	CreatedAt db.Time
}
