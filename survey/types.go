package survey

import (
	"strconv"
	"time"

	"neuvo/internal/db"
	"neuvo/notify"
)

// Lifetime of a question: an answer that comes later is stored as late.
const Lifetime = 14 * 24 * time.Hour

// visitTime is how far apart the jobs of one visit are collected at most.
const visitTime = 24 * time.Hour

// MaxComment is the longest comment of the page, in characters.
const MaxComment = 2000

// State is where a survey stands.
type State string

// The states. Planned waits for its hour; Suppressed has its reason in Reason.
const (
	Planned    State = "planned"
	Asked      State = "asked"
	Answered   State = "answered"
	Suppressed State = "suppressed"
)

// Reason says why a survey is suppressed.
type Reason string

// The reasons.
const (
	NoConsent   Reason = "no_consent"
	NoAddress   Reason = "no_address"
	Throttled   Reason = "throttled"
	SameVisit   Reason = "same_visit" // asked about another job of the visit
	CaseOpen    Reason = "case_open"  // a complaint of the customer is not settled
	StaffOwn    Reason = "staff"      // a phone or e-mail of our own people
	Reopened    Reason = "reopened"   // the job left `collected` before it was asked
	OptedOut    Reason = "stop"
	WrongNumber Reason = "wrong_number"
	Declined    Reason = "declined"
	Outdated    Reason = "outdated" // due so long ago that asking would puzzle
)

// Survey is the question asked after one job, and its answer as it stands. The
// advisor is the owner as of hand-over and never changes afterwards.
type Survey struct {
	ID         int64 `gorm:"primaryKey"`
	JobID      int64
	WorkshopID int64
	AdvisorID  int64
	Advisor    string // name as of hand-over
	Token      string // the secret of the survey's page
	Scale      string // one of booking.SurveyScales
	State      State
	Reason     Reason
	DueAt      db.Time // NULL: nothing to ask any more
	AskedAt    db.Time
	Week       string  // in which it was asked, on the workshop's wall clock: ISO 8601, "2026-W48"
	RemindAt   db.Time // when an unanswered question is asked once more; NULL: never
	RemindedAt db.Time
	ExpiresAt  db.Time
	AskedAgain bool
	AnsweredAt db.Time
	Channel    notify.Channel
	Score      *int
	Met        string // "yes", "no" or "": a verdict without a number
	Comment    string
	Rule       string // the rule that read the answer, "page" for the page
	Late       bool
	CreatedAt  db.Time
}

// Cursor names the survey's place in a list: Filter.Cursor continues after it.
func (s Survey) Cursor() string { return strconv.FormatInt(s.ID, 10) }

// Low tells a score that alerts: 2 or less of 5, 6 or less of 10.
func (s Survey) Low() bool { return s.Score != nil && low(s.Scale, *s.Score) }

// Answer is one thing that came back, kept as it came. The last one stands on
// the survey, the earlier ones are its history.
type Answer struct {
	ID        int64 `gorm:"primaryKey"`
	SurveyID  int64
	MessageID int64 // 0: from the page
	At        db.Time
	Channel   notify.Channel
	Raw       string // the reply, or the page's comment
	Outcome   string // outcome words joined with ","
	Rule      string
}

// TableName sets answers of surveys apart from other answers.
func (Answer) TableName() string { return "survey_answers" }

// Filter selects surveys: asked (or planned, where not yet asked) within
// [From, To), newest first. Limit is 50 when 0, at most 200.
type Filter struct {
	From, To   time.Time
	AdvisorID  int64
	WorkshopID int64
	Limit      int
	Cursor     string
}
