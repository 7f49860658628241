package booking

// Pool is the labour of one skill that a workshop has on each weekday. A
// workshop without a pool of a skill has as much of it as is asked for.
type Pool struct {
	ID         int64 `gorm:"primaryKey"`
	WorkshopID int64
	Skill      string
	Name       string
	Capacity   []int `gorm:"serializer:json"` // minutes by weekday, Sunday first
}

// PoolDate is another capacity of a pool on one date.
type PoolDate struct {
	PoolID   int64  `gorm:"primaryKey;autoIncrement:false"`
	Day      string `gorm:"primaryKey"` // YYYY-MM-DD
	Capacity int
}

// TransportLimit is how many visits a day may come in one way. OnlineShare of
// PerDay are kept for booking on the web: the desk may use the rest.
type TransportLimit struct {
	ID          int64 `gorm:"primaryKey"`
	WorkshopID  int64
	Transport   string
	PerDay      int
	OnlineShare int
}

// Kinds of counters, in the order in which a booking takes them.
const (
	countPool      = "1pool"
	countTransport = "2transport"
	countDay       = "3advisor_day"
	countSlot      = "4advisor_slot"
)

// Counter is how much has been taken by amount in a period: of a pool or a way
// of coming on a date, of an advisor on a date or in a slot. Desk is the part
// that did not come from the web.
type Counter struct {
	Kind         string `gorm:"primaryKey"`
	OwnerID      int64  `gorm:"primaryKey;autoIncrement:false"`
	Period       string `gorm:"primaryKey"` // a date, or the first atom of a slot
	WorkshopID   int64
	Block        int64
	Used         int64
	Desk         int64
	Capacity     int64 // when it was last taken from
	DeskCapacity int64
}

// Taking is what one job or hold has added to a counter.
type Taking struct {
	JobID      int64  `gorm:"primaryKey;autoIncrement:false"`
	HoldID     int64  `gorm:"primaryKey;autoIncrement:false"`
	Kind       string `gorm:"primaryKey"`
	OwnerID    int64  `gorm:"primaryKey;autoIncrement:false"`
	Period     string `gorm:"primaryKey"`
	WorkshopID int64
	Block      int64
	Used       int64
	Desk       int64
}

// Mark moves with every change of the claims of a resource (0: of the
// workshop's counters) in a block of atoms. Transactions that run beside each
// other move it in different lanes: its version is the sum over them.
type Mark struct {
	WorkshopID int64 `gorm:"primaryKey;autoIncrement:false"`
	Block      int64 `gorm:"primaryKey;autoIncrement:false"`
	ResourceID int64 `gorm:"primaryKey;autoIncrement:false"`
	Lane       int64 `gorm:"primaryKey;autoIncrement:false"`
	Version    int64
}

// CatalogueMark moves with every change of what is sold, by whom and when: the
// database's triggers see to it, whoever writes.
type CatalogueMark struct {
	ID      int64 `gorm:"primaryKey"`
	Version int64
}
