package booking

import (
	"time"

	"neuvo/notify"
)

// Slot is a start that can be booked, and with whom.
type Slot struct {
	Start      time.Time
	End        time.Time
	AdvisorIDs []int64
}

// Day is one date of an availability answer.
type Day struct {
	Date   string // YYYY-MM-DD in the workshop's zone
	Slots  []Slot
	Closed string // reason, where the whole day is closed
}

// Availability is what can be booked in a range of dates.
type Availability struct {
	Days          []Day
	NextAvailable time.Time // first start after the range when it is empty; zero if none
}

// AvailabilityQuery asks for a range of dates.
type AvailabilityQuery struct {
	WorkshopID int64
	ServiceIDs []int64
	AdvisorID  int64 // 0: anyone
	Transport  string
	From, To   string // YYYY-MM-DD, both included, at most MaxRangeDays apart
}

// MaxRangeDays is the longest range of one availability query.
const MaxRangeDays = 62

// Reason is one rule's word on why a start is or is not offered.
type Reason struct {
	Rule   string // offered, past, notice, horizon, closed, hours, absence, taken, grid, service, bay, loaner, pool, transport, cap
	Detail string // translation key is "why." + Rule; this is the fact: an advisor's name, a time
}

// ContactInput is what a customer gives about himself or herself.
type ContactInput struct {
	Name, Phone, Email, Locale string
}

// VehicleInput is what a customer gives about the vehicle.
type VehicleInput struct {
	Plate, Make, Model string
	VIN                string
	Mileage            int
}

// BookingRequest asks for a job.
type BookingRequest struct {
	WorkshopID       int64
	ServiceIDs       []int64
	AdvisorID        int64 // 0: anyone
	Start            time.Time
	Transport        string
	Customer         ContactInput
	Vehicle          *VehicleInput
	Note             string
	HoldKey          string
	ConsentSurvey    bool
	ConsentReminders bool
	ConsentMarketing bool
	// Agreed is how the consents came about; what it has no wording for was only
	// presumed.
	Agreed notify.Evidence
	Source string // web, desk
	// RequestKey, where not empty, names this request: one that has made a job
	// already gets that job, also when the first answer was lost in a crash.
	RequestKey string
	// PhoneProven tells that the customer's phone needs no code: it has just
	// answered a text of ours.
	PhoneProven bool
	// Overbook puts the visit where not everything it needs is free, for the
	// reason given: only for the desk. It takes what is free, and the job says so.
	Overbook       bool
	OverbookReason string
	Actor          Actor
}

// ChangeRequest moves a booking; zero fields stay as they are.
type ChangeRequest struct {
	Start     time.Time
	AdvisorID int64
	Transport string
	// Quiet tells the customer nothing: what was promised stays as it is.
	Quiet bool
}

// TransitionRequest moves a job along its life.
type TransitionRequest struct {
	JobID   int64
	To      Status
	ReadyBy time.Time
	// Revision, when not 0, must be the job's: what was decided on a stale page is
	// a conflict, not a step back.
	Revision int
	// Send tells whether the customer is told; Body replaces the template text.
	Send bool
	Body string
	// AtOnce sends the text also in the quiet hours.
	AtOnce bool
	// Sign puts the signature under Body, which holds none yet.
	Sign bool
	// By is the advisor who acts; on received it becomes the receiver.
	By    int64
	Actor Actor
}

// JobFilter selects jobs for the board and the API.
type JobFilter struct {
	WorkshopID int64
	From, To   time.Time // start within [From, To)
	Statuses   []Status
	AdvisorID  int64
	Query      string  // reference, plate, name, phone, e-mail
	IDs        []int64 // only these jobs; nil: any
	OpenOnly   bool
	Limit      int
	Cursor     string
}

// TimelineItem is one line of a job's timeline, in the words of the contract.
type TimelineItem struct {
	ID         string // "m12" or "e7"
	At         time.Time
	Kind       EventKind
	Direction  string
	Channel    string
	Author     string
	Body       string
	State      string
	Occasion   string
	MessageID  int64
	From       string // the sender's address of an inbound message
	Verified   bool
	Rule       string
	Confidence string
	Evidence   string
	InboundID  int64 // the stored message it came as, 0 if none
	Files      []notify.InboundFile
}
