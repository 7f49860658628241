package booking

import (
	"time"

	"neuvo/internal/db"
	"neuvo/notify"
)

// AtomSeconds is the length of a claim's atom: 5 minutes. Every start and every
// length is a multiple of it.
const AtomSeconds = 300

// Status is where a job stands in its life.
type Status string

// The statuses. Unconfirmed waits for the code sent by SMS.
const (
	Unconfirmed     Status = "unconfirmed"
	Booked          Status = "booked"
	Received        Status = "received"
	InWork          Status = "in_work"
	WaitingApproval Status = "waiting_approval"
	WaitingParts    Status = "waiting_parts"
	Ready           Status = "ready"
	Collected       Status = "collected"
	Cancelled       Status = "cancelled"
	NoShow          Status = "no_show"
)

// Statuses in the order of a job's life.
var Statuses = []Status{Unconfirmed, Booked, Received, InWork, WaitingApproval, WaitingParts, Ready, Collected, Cancelled, NoShow}

// Workshop is a site with a time zone, opening hours, closures and a locale.
type Workshop struct {
	ID               int64  `gorm:"primaryKey"`
	Key              string // the importer's name for it
	Name             string
	TimeZone         string // IANA name
	Locale           string // fi, sv, en
	Country          string // ISO 3166-1 alpha-2
	Region           string // ISO 3166-2 part of it where holidays differ: "SCT", "NIR", "BY"; "" for the whole
	Holidays         string // which public holidays it closes on: "", HolidaysOff, WithEves, WithoutEves
	Currency         string // ISO 4217
	Phone            string
	Email            string
	Address          string
	SlotMinutes      int // starts are offered on multiples of this
	MinNoticeMinutes int // online booking closes this long before a start
	HorizonDays      int // how far ahead online booking goes
	// QuietFromMinute and QuietUntilMinute bound the quiet hours as wall-clock
	// minutes of the day, over midnight where the first is later; equal: none.
	QuietFromMinute, QuietUntilMinute int
	ReminderMinute                    int    // wall-clock minute of the day before at which reminders go
	SurveyMinute                      int    // wall-clock minute of the day at which surveys go
	SurveyScale                       string // what is asked: one of SurveyScales
	// SurveyFromMinute and SurveyUntilMinute are the wall-clock minutes between
	// which a survey may go out.
	SurveyFromMinute, SurveyUntilMinute int
	SurveyReminderDays                  int    // days after which an unanswered survey is asked once more; 0: never
	SurveyThrottleDays                  int    // days that a customer who was asked is left in peace
	ReviewURL                           string `gorm:"column:review_url"` // where the page of thanks invites everybody to a public review; "" for nowhere
	EstimateMargin                      *int   // percent that a final price may exceed an estimate by; nil: as the country's law has it
	PhoneProof                          bool   // an online booking waits for a code sent by SMS
	// ChangeNoticeMinutes is how long before a visit customers may still move or
	// cancel it by themselves.
	ChangeNoticeMinutes int
	// ReplyMinutes of opening time an advisor has to answer what a customer wrote,
	// then the team sees it; after ReplyManagerMinutes the manager. 0: the usual.
	ReplyMinutes        int
	ReplyManagerMinutes int
	CallsPerHour        int // promised calls that one advisor can keep in an opening hour; 0: four
	CreatedAt           db.Time
	ClosedAt            db.Time // out of use for good
	TextsVersion        int64   // moves with its own texts; 0: it never had any
}

// SurveyScales are the questions that a workshop may ask after a visit: whether
// it met expectations, 1 to 5; how likely one is to recommend it, 0 to 10 (NPS);
// how easy it was, 1 to 5 or 1 to 7 (CES).
var SurveyScales = []string{"1-5", "0-10", "effort-5", "effort-7"}

// Zone gives the workshop's time zone; UTC where the name is unknown, which
// Import refuses.
func (w *Workshop) Zone() *time.Location {
	if loc, err := loadZone(w.TimeZone); err == nil {
		return loc
	}
	return time.UTC
}

// Translation of a service's words into one locale.
type Translation struct {
	Name        string   `json:"name,omitempty" yaml:"name"`
	Description string   `json:"description,omitempty" yaml:"description"`
	Bring       []string `json:"bring,omitempty" yaml:"bring"`
}

// Service is what can be booked.
type Service struct {
	ID               int64 `gorm:"primaryKey"`
	WorkshopID       int64
	Key              string
	Name             string
	Description      string
	Translations     map[string]Translation `gorm:"serializer:json"` // by locale
	DurationMinutes  int                    // the whole visit as the customer sees it
	ReceptionMinutes int                    // minutes of the advisor; the whole length where only a person is needed
	// WorkMinutes are of a bay, from the reception on, where the customer waits.
	WorkMinutes int
	// LabourMinutes are of the daily pool of Skill, where the car stays: taken
	// from the days that it is there, the first ones first.
	LabourMinutes int
	Skill         string
	// BufferBeforeMinutes keep the advisor free of others before the reception,
	// BufferAfterMinutes whoever comes last, bay or advisor, after the work.
	BufferBeforeMinutes int
	BufferAfterMinutes  int
	PriceFrom           int64    // minor units of the workshop's currency
	Bring               []string `gorm:"serializer:json"`
	Transports          []string `gorm:"serializer:json"` // drop_off, waiting, loaner, key_box
	RecallMonths        int
	Position            int
	Active              bool
}

// In gives the service's words in a locale, falling back to its own.
func (s Service) In(locale string) Translation {
	t := s.Translations[locale]
	if t.Name == "" {
		t.Name = s.Name
	}
	if t.Description == "" {
		t.Description = s.Description
	}
	if len(t.Bring) == 0 {
		t.Bring = s.Bring
	}
	return t
}

// ResourceKind is what a resource is.
type ResourceKind string

// The kinds of resources a claim can take.
const (
	KindAdvisor ResourceKind = "advisor"
	KindBay     ResourceKind = "bay"
	KindLoaner  ResourceKind = "loaner"
)

// Resource is what a booking takes exactly.
type Resource struct {
	ID         int64 `gorm:"primaryKey"`
	WorkshopID int64
	Key        string
	Kind       ResourceKind
	Name       string
	Active     bool
}

// Advisor is a member of staff who receives customers; its ID is its resource's.
type Advisor struct {
	ID         int64 `gorm:"primaryKey;autoIncrement:false"`
	WorkshopID int64
	Name       string
	Title      string
	Languages  []string `gorm:"serializer:json"`
	PhotoURL   string
	Phone      string
	Email      string
	StandInID  int64
	MaxPerDay  int // visits that may begin on one date; 0: any number
	MaxPerSlot int // visits that may begin within one slot of the workshop's grid; 0: any number
	Position   int
	Active     bool
}

// FirstName is how the advisor signs texts.
func (a Advisor) FirstName() string {
	for i, r := range a.Name {
		if r == ' ' {
			return a.Name[:i]
		}
	}
	return a.Name
}

// Hours is one weekly opening of a workshop (ResourceID 0) or a resource, in
// wall-clock minutes of the day; several a day make breaks.
type Hours struct {
	ID         int64 `gorm:"primaryKey"`
	WorkshopID int64
	ResourceID int64
	Weekday    time.Weekday
	FromMinute int
	ToMinute   int // exclusive
}

// TableName keeps the word, which is its own plural.
func (Hours) TableName() string { return "hours" }

// Closure is a span of dates on which the workshop is closed, both included.
type Closure struct {
	ID         int64 `gorm:"primaryKey"`
	WorkshopID int64
	FromDate   string // YYYY-MM-DD
	ToDate     string
	Reason     string
}

// Absence is a span in which a resource is away, end exclusive.
type Absence struct {
	ID         int64 `gorm:"primaryKey"`
	ResourceID int64
	FromAt     db.Time
	ToAt       db.Time
	Reason     string
}

// Customer is who is served. An anonymous booking never changes one that exists.
type Customer struct {
	ID        int64 `gorm:"primaryKey"`
	Name      string
	Phone     string // E.164
	Email     string // lower-cased
	Locale    string
	CreatedAt db.Time
	UpdatedAt db.Time
}

// Vehicle is what is served, where it is one.
type Vehicle struct {
	ID         int64 `gorm:"primaryKey"`
	CustomerID int64
	Plate      string // upper-cased, as typed otherwise
	PlateKey   string // the plate for comparing, see PlateKey
	VIN        string `gorm:"column:vin"` // ISO 3779, "" where it is not known
	Make       string
	Model      string
	Mileage    int // kilometres, as last read by the staff or first told by the customer
	CreatedAt  db.Time
}

// Job is one visit from booking to closed. The contact columns are what was
// given for this visit; the customer's own record may differ.
type Job struct {
	ID               int64 `gorm:"primaryKey"`
	WorkshopID       int64
	Reference        string // for people: "NV-7K3Q9"
	Token            string // the secret of manage-my-booking
	TokenExpiresAt   db.Time
	Status           Status
	Version          int // moves with every change that outdates texts
	Revision         int // moves with every change that somebody who looks at it must see first
	CustomerID       int64
	VehicleID        int64
	ContactName      string
	ContactPhone     string
	ContactEmail     string
	Locale           string
	BookedWith       int64
	ReceivedBy       int64
	StartAt          db.Time
	EndAt            db.Time
	WallStart        string // "2006-01-02T15:04" in Zone, as promised to the customer
	Zone             string
	Transport        string
	BayID            int64 // where the work is done while the customer waits
	LoanerID         int64 // the car lent for the visit
	Overbooked       bool  // put by the desk where not everything it needs was free
	OverbookReason   string
	Note             string
	ReadyBy          db.Time
	ConsentSurvey    bool
	ConsentReminders bool
	ConsentMarketing bool
	Source           string // web, desk, import, demo
	RequestKey       string // names the request that made it, so that asking again makes no second
	RemindAt         db.Time
	ReconfirmAt      db.Time // when a visit booked long ahead is asked about again; NULL: not at all
	RecallAt         db.Time // when the next visit is suggested; NULL: not at all
	CreatedAt        db.Time
	UpdatedAt        db.Time
	ReceivedAt       db.Time
	ReadyAt          db.Time
	ClosedAt         db.Time
	FinalPrice       int64   // of the work that was estimated, minor units; see SetFinalPrice
	FinalPriceAt     db.Time // zero: no final price yet

	// Loaded beside the row, in a constant number of queries.
	Workshop *Workshop    `gorm:"-"`
	Customer *Customer    `gorm:"-"`
	Vehicle  *Vehicle     `gorm:"-"`
	Services []JobService `gorm:"-"`
	// Advisor is who owns the thread: ReceivedBy, else BookedWith.
	Advisor *Advisor `gorm:"-"`
	// thread is its conversation, where this transaction has just opened it.
	thread *notify.Conversation
	// BookedAdvisor is who the booking was made with.
	BookedAdvisor *Advisor `gorm:"-"`
}

// Owner is the advisor who owns the job's thread: the receiver from hand-over
// on, before that who it was booked with.
func (j *Job) Owner() int64 {
	if j.ReceivedBy != 0 {
		return j.ReceivedBy
	}
	return j.BookedWith
}

// Subject is the job's name in notify.
func (j *Job) Subject() string { return SubjectOf(j.ID) }

// Start and end in the workshop's wall clock.
func (j *Job) zone() *time.Location {
	if loc, err := loadZone(j.Zone); err == nil {
		return loc
	}
	return time.UTC
}

// LocalStart is the start on the workshop's wall clock.
func (j *Job) LocalStart() time.Time { return j.StartAt.In(j.zone()) }

// LocalEnd is the end on the workshop's wall clock.
func (j *Job) LocalEnd() time.Time { return j.EndAt.In(j.zone()) }

// JobService is one service of a job, its name and price frozen at booking.
type JobService struct {
	JobID     int64 `gorm:"primaryKey;autoIncrement:false"`
	Position  int   `gorm:"primaryKey;autoIncrement:false"`
	ServiceID int64
	Name      string // in the customer's language
	PriceFrom int64

	// Service is what it is today, loaded beside the row; nil when it is gone.
	Service *Service `gorm:"-"`
}

// In gives the service's name for a reader of another language than the
// customer's; the frozen one where there is no other.
func (s JobService) In(locale string) string {
	if s.Service == nil {
		return s.Name
	}
	return s.Service.In(locale).Name
}

// Hold keeps a start for a customer who is still typing. One that has ended, by
// running out or by becoming a booking, is remembered for a while.
type Hold struct {
	ID         int64  `gorm:"primaryKey"`
	Key        string // what the customer's form carries
	WorkshopID int64
	AdvisorID  int64
	StartAt    db.Time
	EndAt      db.Time
	ExpiresAt  db.Time
	EndedAt    db.Time // zero: it runs
}

// Claim is one atom of one resource taken by one job or hold.
type Claim struct {
	ResourceID int64 `gorm:"primaryKey;autoIncrement:false"`
	Atom       int64 `gorm:"primaryKey;autoIncrement:false"` // Unix time / AtomSeconds
	JobID      int64
	HoldID     int64
}

// JobEvent is something that happened on a job other than a message.
type JobEvent struct {
	ID      int64 `gorm:"primaryKey"`
	JobID   int64
	At      db.Time
	Kind    EventKind
	Channel string
	Author  string
	StaffID int64
	Body    string
	State   string // the new status, the score, the outcome
}

// EventKind is the kind of a timeline item, in the words of the contract.
type EventKind string

// Kinds of timeline items.
const (
	EventMessage      EventKind = "message"
	EventStatus       EventKind = "status"
	EventNote         EventKind = "note"
	EventCall         EventKind = "call"
	EventEstimate     EventKind = "estimate"
	EventPromise      EventKind = "promise"
	EventSurvey       EventKind = "survey"
	EventVerification EventKind = "verification"
	EventOther        EventKind = "event"
)

// Attention is something on a job that an advisor must look at.
type Attention struct {
	ID         int64 `gorm:"primaryKey"`
	JobID      int64
	WorkshopID int64
	AdvisorID  int64
	Kind       AttentionKind
	Body       string
	CreatedAt  db.Time
	DoneAt     db.Time
	DoneBy     string
	// Level is who is asked by now: 0 its advisor, 1 the team, 2 the manager.
	// EscalateAt is when the sweep must look again; zero: it does not go on.
	Level      int
	EscalateAt db.Time
	// TellAt is when those who are asked are told of it outside the board; zero:
	// they have been, or have looked.
	TellAt db.Time

	Job *Job `gorm:"-"`
}

// AttentionKind says why an advisor must look.
type AttentionKind string

// Reasons for attention.
const (
	NeedsReply      AttentionKind = "reply"        // the customer wrote
	NeedsCare       AttentionKind = "low_score"    // a bad answer to the survey
	NeedsReading    AttentionKind = "read_answer"  // an answer only a person can judge
	NeedsDelivery   AttentionKind = "undelivered"  // a text or e-mail did not arrive
	NeedsCall       AttentionKind = "callback"     // a call was promised
	NeedsVerifying  AttentionKind = "unverified"   // a stranger holds the job's address
	Praised         AttentionKind = "praise"       // a customer thanked the advisor by name
	NeedsSafetyCall AttentionKind = "urgent"       // the customer speaks of danger
	NeedsEstimate   AttentionKind = "estimate"     // an estimate was decided, has run out, or was answered by text
	NeedsPromise    AttentionKind = "promise_due"  // a promised time is near
	NeedsRescue     AttentionKind = "promise_late" // a promised time has passed: anybody may help
	NeedsCase       AttentionKind = "case"         // a case waits to be acknowledged
	NeedsEscalation AttentionKind = "case_late"    // nobody acknowledged a case in time: anybody may
)

// NeedsPlacing is a text that may be about this job or about another of the same
// customer's.
const NeedsPlacing AttentionKind = "which_job"

// waitsForReply are what the customer wrote: it is answered in time, or the team
// and then the manager hear of it.
var waitsForReply = []AttentionKind{NeedsReply, NeedsVerifying, NeedsReading, NeedsPlacing}

// ForAll tells what concerns the whole team, whoever it is addressed to.
func (k AttentionKind) ForAll() bool { return k == NeedsRescue || k == NeedsEscalation }

// ForAll tells what concerns the whole team by now, whoever it is addressed to.
func (a *Attention) ForAll() bool { return a.Level > 0 || a.Kind.ForAll() }

// Actor is who does something: a member of staff, the customer, or the program.
type Actor struct {
	Kind    string // staff, customer, system
	StaffID int64
	Advisor int64 // the staff member's advisor id, 0 if none
	Name    string
}

// System is the program itself as an actor.
var System = Actor{Kind: "system", Name: "Neuvo"}
