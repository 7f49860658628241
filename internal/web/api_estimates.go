package web

import (
	"context"
	"errors"
	"io"
	"mime/multipart"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"neuvo/booking"
	"neuvo/internal/db"
	"neuvo/internal/fault"
)

type moneyIn struct {
	Amount   int64  `json:"amount" minimum:"0" doc:"in minor units"`
	Currency string `json:"currency,omitempty" doc:"the workshop's, and no other, when given"`
}

// estimateOut is extra work proposed on a job. It is never changed: what
// changes is a new version with an id of its own.
type estimateOut struct {
	ID              string            `json:"id"`
	JobID           string            `json:"job_id"`
	Version         int               `json:"version" doc:"counts up within a job"`
	State           string            `json:"state" enum:"sent,approved,partly_approved,declined,expired,superseded,withdrawn"`
	Price           moneyOut          `json:"price" doc:"the lines' sum"`
	Ceiling         moneyOut          `json:"ceiling" doc:"what the lines may cost at most, if all are approved"`
	Approved        *moneyOut         `json:"approved,omitempty" doc:"the approved lines' sum, once decided"`
	ApprovedCeiling *moneyOut         `json:"approved_ceiling,omitempty" doc:"what the approved lines may cost at most"`
	Lines           []estimateLineOut `json:"lines"`
	CreatedAt       time.Time         `json:"created_at"`
	ExpiresAt       time.Time         `json:"expires_at"`
	DecidedAt       *time.Time        `json:"decided_at,omitempty"`
	DecidedBy       string            `json:"decided_by,omitempty" doc:"for staff only"`
	DecidedPhone    string            `json:"decided_phone,omitempty" doc:"for staff only: the phone that the code went to"`
	SupersededBy    string            `json:"superseded_by,omitempty"`
	URL             string            `json:"url" doc:"the customer's page"`
}

type estimateLineOut struct {
	ID            string     `json:"id"`
	Title         string     `json:"title"`
	Price         moneyOut   `json:"price"`
	LabourMinutes int        `json:"labour_minutes,omitempty"`
	Decision      string     `json:"decision,omitempty" enum:"approve,decline"`
	Photos        []photoOut `json:"photos"`
}

type photoOut struct {
	ID          string `json:"id"`
	URL         string `json:"url"`
	ContentType string `json:"content_type"`
	Width       int    `json:"width"`
	Height      int    `json:"height"`
}

func (s *Server) photoShape(p *booking.Photo) photoOut {
	return photoOut{ID: idOf(p.ID), URL: s.opt.BaseURL + photoURL(p), ContentType: p.ContentType, Width: p.Width, Height: p.Height}
}

// estimateShape is an estimate as its customer sees it.
func (s *Server) estimateShape(e *booking.Estimate, token string, zone *time.Location) estimateOut {
	money := func(amount int64) moneyOut { return moneyOut{amount, e.Currency} }
	out := estimateOut{
		ID: idOf(e.ID), JobID: idOf(e.JobID), Version: e.Version, State: string(e.State), Price: money(e.Price), Ceiling: money(e.Ceiling),
		Lines: []estimateLineOut{}, CreatedAt: e.CreatedAt.In(zone), ExpiresAt: e.ExpiresAt.In(zone), DecidedAt: at(e.DecidedAt.Time, zone),
		SupersededBy: idOf(e.SupersededBy), URL: s.opt.BaseURL + estimateURL(token, e.ID),
	}
	if e.Decided() {
		out.Approved, out.ApprovedCeiling = new(money(e.Approved)), new(money(e.ApprovedCeiling))
	}
	for i := range e.Lines {
		l := &e.Lines[i]
		line := estimateLineOut{
			ID: idOf(l.ID), Title: l.Title, Price: money(l.Price), LabourMinutes: l.LabourMinutes, Decision: string(l.Decision), Photos: []photoOut{},
		}
		for k := range l.Photos {
			line.Photos = append(line.Photos, s.photoShape(&l.Photos[k]))
		}
		out.Lines = append(out.Lines, line)
	}
	return out
}

// staffEstimate adds what only the desk sees.
func (s *Server) staffEstimate(e *booking.Estimate, j *booking.Job) estimateOut {
	out := s.estimateShape(e, j.Token, zoneOf(j))
	out.DecidedBy, out.DecidedPhone = e.DecidedBy, e.DecidedPhone
	return out
}

// changedEstimate is what stands now where a decision came too late; nil for
// any other error.
func (s *Server) changedEstimate(err error) *estimateOut {
	changed, ok := errors.AsType[*booking.EstimateChanged](err)
	if !ok {
		return nil
	}
	return new(s.estimateShape(changed.Current, changed.Token, changed.Zone))
}

// customersEstimates are those of a job that its customer is shown: every one
// that nothing has taken the place of.
func (s *Server) customersEstimates(ctx context.Context, j *booking.Job) ([]estimateOut, error) {
	out := []estimateOut{}
	rows, err := s.opt.Desk.Estimates(ctx, j.ID)
	for i := range rows {
		if rows[i].State != booking.EstimateSuperseded {
			out = append(out, s.estimateShape(&rows[i], j.Token, zoneOf(j)))
		}
	}
	return out, err
}

type proposedLine struct {
	Title         string   `json:"title" minLength:"1" maxLength:"200"`
	Price         moneyIn  `json:"price"`
	LabourMinutes int      `json:"labour_minutes,omitempty" minimum:"0" maximum:"43200"`
	PhotoIDs      []string `json:"photo_ids,omitempty" maxItems:"10" doc:"photos of this job"`
}

type estimateIn struct {
	ID   string `path:"id"`
	Body struct {
		Lines     []proposedLine `json:"lines" minItems:"1" maxItems:"50"`
		Ceiling   *moneyIn       `json:"ceiling,omitempty" doc:"what all of it may cost at most; the law's margin on the price when left out (15 % in Finland and Sweden), the price itself for an exact price"`
		ExpiresAt *time.Time     `json:"expires_at,omitempty" doc:"until when it can be answered; three days when left out"`
	}
}

func (s *Server) postEstimate(ctx context.Context, in *estimateIn) (*body[estimateOut], error) {
	j, err := s.jobFor(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	n := booking.NewEstimate{JobID: j.ID}
	for _, l := range in.Body.Lines {
		line := booking.NewLine{Title: l.Title, Price: l.Price.Amount, Currency: l.Price.Currency, LabourMinutes: l.LabourMinutes}
		if line.PhotoIDs, err = readIDs("body.lines.photo_ids", l.PhotoIDs); err != nil {
			return nil, err
		}
		n.Lines = append(n.Lines, line)
	}
	if c := in.Body.Ceiling; c != nil {
		if c.Currency != "" && c.Currency != currencyOf(j) {
			e := fault.BadField("body.ceiling.currency", "fault.price_currency", c.Currency)
			e.Fields[0].Args = map[string]any{"currency": currencyOf(j)}
			return nil, e
		}
		n.Ceiling = c.Amount
	}
	if in.Body.ExpiresAt != nil {
		n.ExpiresAt = *in.Body.ExpiresAt
	}
	e, err := s.opt.Desk.ProposeEstimate(ctx, n, actorOf(callerOf(ctx).staff))
	if err != nil {
		return nil, err
	}
	return &body[estimateOut]{s.staffEstimate(e, j)}, nil
}

func (s *Server) listEstimates(ctx context.Context, in *jobListIn) (*body[list[estimateOut]], error) {
	j, err := s.jobFor(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	rows, err := s.opt.Desk.Estimates(ctx, j.ID)
	if err != nil {
		return nil, err
	}
	out := make([]estimateOut, 0, len(rows))
	for i := range rows {
		out = append(out, s.staffEstimate(&rows[i], j))
	}
	return whole(in.WholeIn, out, func(e *estimateOut) string { return e.ID })
}

type decidedLine struct {
	ID       string           `json:"id"`
	Decision booking.Decision `json:"decision" enum:"approve,decline"`
}

type decisionIn struct {
	Token string `path:"token"`
	ID    string `path:"id"`
	Body  struct {
		Version int           `json:"version" minimum:"1" doc:"the version that was looked at"`
		Lines   []decidedLine `json:"lines" minItems:"1" maxItems:"50" doc:"every line, once"`
		Code    string        `json:"code,omitempty" maxLength:"20" doc:"sent by SMS on the first call without it; needed where anything is approved"`
	}
}

func (s *Server) postDecision(ctx context.Context, in *decisionIn) (*body[estimateOut], error) {
	j, err := s.opt.Desk.JobByToken(ctx, in.Token)
	if err != nil {
		return nil, err
	}
	r := booking.DecideRequest{Token: in.Token, Version: in.Body.Version, Code: in.Body.Code, Actor: customerActor(j)}
	if r.EstimateID, err = pathID(in.ID); err != nil {
		return nil, err
	}
	for _, l := range in.Body.Lines {
		id, err := readID("body.lines.id", l.ID)
		if err != nil {
			return nil, err
		}
		r.Lines = append(r.Lines, booking.LineDecision{ID: id, Decision: l.Decision})
	}
	e, err := s.opt.Desk.DecideEstimate(ctx, r)
	if err != nil {
		return nil, err
	}
	return &body[estimateOut]{s.estimateShape(e, j.Token, zoneOf(j))}, nil
}

type finalPriceIn struct {
	ID   string `path:"id"`
	Body moneyIn
}

func (s *Server) postFinalPrice(ctx context.Context, in *finalPriceIn) (*body[jobOut], error) {
	j, err := s.jobFor(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if c := in.Body.Currency; c != "" && c != currencyOf(j) {
		e := fault.BadField("body.currency", "fault.price_currency", c)
		e.Fields[0].Args = map[string]any{"currency": currencyOf(j)}
		return nil, e
	}
	if j, err = s.opt.Desk.SetFinalPrice(ctx, j.ID, in.Body.Amount, actorOf(callerOf(ctx).staff)); err != nil {
		return nil, err
	}
	return &body[jobOut]{s.jobShape(j)}, nil
}

// finalPriceOf is a job's final price; nil before there is one.
func finalPriceOf(j *booking.Job) *moneyOut {
	if j.FinalPriceAt == (db.Time{}) {
		return nil
	}
	return &moneyOut{j.FinalPrice, currencyOf(j)}
}

type photoIn struct {
	ID      string `path:"id"`
	RawBody huma.MultipartFormFiles[struct {
		File huma.FormFile `form:"file" required:"false" doc:"JPEG, PNG or WebP, at most 10 MB"`
	}]
}

func (s *Server) postPhoto(ctx context.Context, in *photoIn) (*body[photoOut], error) {
	j, err := s.jobFor(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	var raw []byte
	for _, files := range in.RawBody.Form.File {
		if len(files) > 0 {
			if raw, err = readPhoto(files[0]); err != nil {
				return nil, err
			}
			break
		}
	}
	p, err := s.opt.Desk.AddPhoto(ctx, j.ID, raw, actorOf(callerOf(ctx).staff))
	if err != nil {
		return nil, err
	}
	return &body[photoOut]{s.photoShape(p)}, nil
}

// readPhoto reads an uploaded file, one byte more than it may have so that one
// that is too large is told as such.
func readPhoto(header *multipart.FileHeader) ([]byte, error) {
	f, err := header.Open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, booking.MaxPhotoBytes+1))
}

func (s *Server) listPhotos(ctx context.Context, in *jobListIn) (*body[list[photoOut]], error) {
	j, err := s.jobFor(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	rows, err := s.opt.Desk.Photos(ctx, j.ID)
	if err != nil {
		return nil, err
	}
	out := make([]photoOut, 0, len(rows))
	for i := range rows {
		out = append(out, s.photoShape(&rows[i]))
	}
	return whole(in.WholeIn, out, func(p *photoOut) string { return p.ID })
}
