package booking

import (
	"context"
	"io"
	"time"

	"neuvo/notify"
)

type Catalogue struct{}
type ImportReport struct{}
type SlotTaken struct{ Alternatives []Slot }

func (e *SlotTaken) Error() string { return "" }

func (d *Desk) Workshops(ctx context.Context) ([]Workshop, error)                 { return nil, nil }
func (d *Desk) Workshop(ctx context.Context, id int64) (*Workshop, error)         { return nil, nil }
func (d *Desk) Services(ctx context.Context, workshopID int64) ([]Service, error) { return nil, nil }
func (d *Desk) Advisors(ctx context.Context, workshopID int64) ([]Advisor, error) { return nil, nil }
func (d *Desk) Advisor(ctx context.Context, id int64) (*Advisor, error)           { return nil, nil }
func (d *Desk) Import(ctx context.Context, c Catalogue) (ImportReport, error) {
	return ImportReport{}, nil
}
func ReadCatalogue(r io.Reader) (*Catalogue, error) { return nil, nil }
func (d *Desk) Availability(ctx context.Context, q AvailabilityQuery) (*Availability, error) {
	return nil, nil
}
func (d *Desk) Why(ctx context.Context, q AvailabilityQuery, start time.Time) ([]Reason, error) {
	return nil, nil
}
func (d *Desk) Hold(ctx context.Context, r BookingRequest) (*Hold, error)  { return nil, nil }
func (d *Desk) Book(ctx context.Context, r BookingRequest) (*Job, error)   { return nil, nil }
func (d *Desk) Job(ctx context.Context, id int64) (*Job, error)            { return nil, nil }
func (d *Desk) JobByToken(ctx context.Context, token string) (*Job, error) { return nil, nil }
func (d *Desk) Jobs(ctx context.Context, f JobFilter) (items []Job, next string, err error) {
	return nil, "", nil
}
func (d *Desk) Change(ctx context.Context, jobID int64, c ChangeRequest, a Actor) (*Job, error) {
	return nil, nil
}
func (d *Desk) Cancel(ctx context.Context, jobID int64, a Actor) error { return nil }
func (d *Desk) Transition(ctx context.Context, r TransitionRequest) (*Job, *notify.Message, error) {
	return nil, nil, nil
}
func NextStatuses(s Status) []Status { return nil }
func (d *Desk) Preview(ctx context.Context, jobID int64, to Status, readyBy time.Time, by int64) (string, error) {
	return "", nil
}
func (d *Desk) Note(ctx context.Context, jobID int64, body string, a Actor) error { return nil }
func (d *Desk) Handover(ctx context.Context, jobID, advisorID int64, note string, a Actor) error {
	return nil
}
func (d *Desk) Write(ctx context.Context, jobID int64, channel notify.Channel, body string, a Actor) (*notify.Message, error) {
	return nil, nil
}
func (d *Desk) CustomerWrites(ctx context.Context, token, body string) (*notify.Message, error) {
	return nil, nil
}
func (d *Desk) AskCallback(ctx context.Context, token, phone, note string) (*Promise, error) {
	return nil, nil
}
func (d *Desk) Promises(ctx context.Context, workshopID int64, openOnly bool) ([]Promise, error) {
	return nil, nil
}
func (d *Desk) JobPromises(ctx context.Context, jobID int64) ([]Promise, error) { return nil, nil }
func (d *Desk) Attempt(ctx context.Context, promiseID int64, outcome, note string, a Actor) (*Promise, error) {
	return nil, nil
}
func (d *Desk) Timeline(ctx context.Context, jobID int64) ([]TimelineItem, error) { return nil, nil }
func (d *Desk) Raise(ctx context.Context, a Attention) error                      { return nil }
func (d *Desk) Attentions(ctx context.Context, workshopID int64) ([]Attention, error) {
	return nil, nil
}
func (d *Desk) Done(ctx context.Context, attentionID int64, a Actor) error                { return nil }
func (d *Desk) AddEvent(ctx context.Context, e JobEvent) error                            { return nil }
func (d *Desk) HandleReply(ctx context.Context, r notify.Reply) (bool, error)             { return false, nil }
func (d *Desk) HandleFailure(ctx context.Context, subject string, m notify.Message) error { return nil }
func (d *Desk) Version(ctx context.Context, subject string) (int, bool, error)            { return 0, false, nil }
func (d *Desk) SendReminders(ctx context.Context) (int, error)                            { return 0, nil }
func (d *Desk) Purge(ctx context.Context) (int, error)                                    { return 0, nil }
func NormalizePhone(raw, country string) (e164 string, err error)                         { return "", nil }
