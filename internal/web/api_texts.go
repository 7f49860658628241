package web

import (
	"context"
	"time"

	"neuvo/booking"
	"neuvo/internal/fault"
	"neuvo/notify"
	"neuvo/templates"
)

// TextPath names a text of a workshop.
type TextPath struct {
	Occasion   string `path:"occasion" doc:"why it is sent: booked, ready, survey, …"`
	Locale     string `path:"locale" doc:"fi, sv or en"`
	Channel    string `path:"channel" enum:"sms,email"`
	WorkshopID string `query:"workshop_id"`
}

type textWrite struct {
	TextPath
	Body textWords
}

// textWords is what is said. Fields stand in braces; what stands in square brackets
// is left out where a field in it is empty, or gives way to what follows a |.
type textWords struct {
	Title string `json:"title,omitempty" doc:"of an e-mail"`
	Body  string `json:"body" doc:"words with fields: Hello[ {customer}]! [{vehicle}|Your work] is ready. {advisor}"`
}

type textOut struct {
	WorkshopID string     `json:"workshop_id"`
	Occasion   string     `json:"occasion"`
	Locale     string     `json:"locale"`
	Channel    string     `json:"channel"`
	Title      string     `json:"title,omitempty"`
	Body       string     `json:"body"`
	Own        bool       `json:"own" doc:"the workshop's own words; false: ours"`
	Fields     []string   `json:"fields" doc:"fields that it may hold"`
	Needs      [][]string `json:"needs" doc:"of each group one field must be there"`
	ChangedAt  *time.Time `json:"changed_at,omitempty"`
}

type textPreviewOut struct {
	Examples []textExampleOut `json:"examples"`
	Cost     *costOut         `json:"cost,omitempty" doc:"of a text message, with the dearer example"`
	Doubtful []string         `json:"doubtful" doc:"fields that may be empty and stand outside brackets: without them the text has a hole"`
}

type textExampleOut struct {
	Vehicle bool   `json:"vehicle" doc:"the visit is one with a vehicle"`
	Title   string `json:"title,omitempty"`
	Body    string `json:"body"`
}

type costOut struct {
	Parts        int          `json:"parts" doc:"text messages that it takes"`
	Alphabet     string       `json:"alphabet" enum:"GSM-7,UCS-2"`
	Room         int          `json:"room" doc:"what still fits into the last part, in septets or in 16-bit units"`
	Foreign      []foreignOut `json:"foreign" doc:"characters that force the dearer alphabet"`
	Cheaper      string       `json:"cheaper,omitempty" doc:"the text with them replaced, where that takes fewer parts"`
	CheaperParts int          `json:"cheaper_parts,omitempty"`
}

type foreignOut struct {
	Character string `json:"character"`
	Count     int    `json:"count"`
	Instead   string `json:"instead" doc:"what may stand in its place"`
	Replaced  bool   `json:"replaced" doc:"there is such a thing; it may be nothing"`
}

func costOf(c notify.Cost) *costOut {
	out := &costOut{Parts: c.Parts, Alphabet: string(c.Alphabet), Room: c.Room, Cheaper: c.Cheaper, CheaperParts: c.CheaperParts, Foreign: []foreignOut{}}
	for _, f := range c.Foreign {
		out.Foreign = append(out.Foreign, foreignOut{f.Char, f.Count, f.Instead, f.Replaced})
	}
	return out
}

func textOf(t *booking.TextEntry, w *booking.Workshop) textOut {
	out := textOut{
		WorkshopID: idOf(t.WorkshopID), Occasion: t.Occasion, Locale: t.Locale, Channel: string(t.Channel), Title: t.Title, Body: t.Body,
		Own: t.Own, Fields: templates.FieldsOf(t.Occasion, t.Channel == notify.Email), Needs: templates.Needs(t.Occasion, t.Channel == notify.Email),
	}
	if t.Own {
		at := t.ChangedAt.In(w.Zone())
		out.ChangedAt = &at
	}
	return out
}

// textAt finds the workshop that a text belongs to and names the text.
func (s *Server) textAt(ctx context.Context, in *TextPath) (*booking.Workshop, booking.OwnText, error) {
	t := booking.OwnText{Occasion: in.Occasion, Locale: in.Locale, Channel: notify.Channel(in.Channel)}
	if in.WorkshopID == "" {
		return nil, t, fault.BadField("query.workshop_id", "fault.required", nil)
	}
	w, err := s.seenQuery(ctx, in.WorkshopID)
	if err == nil {
		t.WorkshopID = w.ID
	}
	return w, t, err
}

func (s *Server) listTexts(ctx context.Context, in *workshopQuery) (*body[list[textOut]], error) {
	w, err := s.seenQuery(ctx, in.WorkshopID)
	if err != nil {
		return nil, err
	}
	rows, err := s.opt.Desk.Texts(ctx, w.ID)
	if err != nil {
		return nil, err
	}
	out := mapped(rows, func(t booking.TextEntry) textOut { return textOf(&t, w) })
	return &body[list[textOut]]{list[textOut]{Items: out}}, nil
}

func (s *Server) getText(ctx context.Context, in *TextPath) (*body[textOut], error) {
	w, t, err := s.textAt(ctx, in)
	if err != nil {
		return nil, err
	}
	found, err := s.opt.Desk.Text(ctx, t)
	if err != nil {
		return nil, err
	}
	return &body[textOut]{textOf(found, w)}, nil
}

func (s *Server) putText(ctx context.Context, in *textWrite) (*body[textOut], error) {
	w, t, err := s.textAt(ctx, &in.TextPath)
	if err != nil {
		return nil, err
	}
	t.Title, t.Body = in.Body.Title, in.Body.Body
	stored, err := s.opt.Desk.SetText(ctx, managerOf(callerOf(ctx).staff), t)
	if err != nil {
		return nil, err
	}
	return &body[textOut]{textOf(stored, w)}, nil
}

func (s *Server) deleteText(ctx context.Context, in *TextPath) (*gone, error) {
	_, t, err := s.textAt(ctx, in)
	if err != nil {
		return nil, err
	}
	return nil, s.opt.Desk.ResetText(ctx, managerOf(callerOf(ctx).staff), t)
}

func (s *Server) previewText(ctx context.Context, in *textWrite) (*body[textPreviewOut], error) {
	w, t, err := s.textAt(ctx, &in.TextPath)
	if err != nil {
		return nil, err
	}
	t.Title, t.Body = in.Body.Title, in.Body.Body
	p, err := s.opt.Desk.PreviewText(w, t)
	if err != nil {
		return nil, err
	}
	out := textPreviewOut{Doubtful: append([]string{}, p.Doubtful...)}
	for _, e := range p.Examples {
		out.Examples = append(out.Examples, textExampleOut{e.Vehicle, e.Title, e.Body})
	}
	if t.Channel == notify.SMS {
		out.Cost = costOf(p.Cost)
	}
	return &body[textPreviewOut]{out}, nil
}
