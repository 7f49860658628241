package booking

import (
	"neuvo/internal/db"
	"neuvo/notify"
)

// ContactPoint is an address or a number that is a customer's beside the one on
// file, because somebody of ours has confirmed it.
type ContactPoint struct {
	CustomerID  int64          `gorm:"primaryKey;autoIncrement:false"`
	Channel     notify.Channel `gorm:"primaryKey"`
	Address     string         `gorm:"primaryKey"`
	ConfirmedBy string
	ConfirmedAt db.Time
}
