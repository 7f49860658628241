package web

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"neuvo/booking"
	"neuvo/internal/fault"
	"neuvo/notify"
	"neuvo/templates"
)

// occasionGroups are the occasions as managers look for them; what is in no
// group stands last.
var occasionGroups = []struct {
	key       string
	occasions []string
}{
	{"before", []string{"booked", "moved", "cancelled", "reminder", "reconfirm", "new_advisor", "chosen_advisor", "offer_times", "no_show"}},
	{"work", []string{"received", "in_work", "waiting_approval", "waiting_parts", "resumed", "handover", "ready", "collected"}},
	{"delays", []string{"late_ready", "late_call"}},
	{"estimate", []string{"estimate", "estimate_again", "estimate_decided"}},
	{"calls", []string{"callback", "calling"}},
	{"after", []string{"survey", "survey_again", "survey_reminder", "thanks", "acknowledge", "case_opened", "sorted", "sorted_yes", "survey_reask", "recall"}},
	{"waitlist", []string{"waitlist_offer", "waitlist_unclear", "waitlist_gone", "waitlist_over"}},
	{"other", nil},
}

// textsPage lists what is said to customers.
type textsPage struct {
	frame
	Groups []textGroup
	Query  string
}

type textGroup struct {
	Label string
	Texts []textRow
}

// textRow is an occasion with its languages.
type textRow struct {
	Occasion, Label string
	Example         string // how it begins in the reader's language
	Languages       []choice
	Own             bool
}

// pageTexts lists the occasions.
func (s *Server) pageTexts(c echo.Context) error {
	f, query, err := s.settingsFrame(c)
	if err != nil {
		return s.fail(c, err)
	}
	all, err := s.opt.Desk.Texts(c.Request().Context(), f.Workshop.ID)
	if err != nil {
		return s.fail(c, err)
	}
	p := &textsPage{frame: f, Query: query}
	rows := map[string]*textRow{}
	for _, t := range all {
		row := rows[t.Occasion]
		if row == nil {
			row = &textRow{Occasion: t.Occasion, Label: f.words("occasion." + t.Occasion)}
			rows[t.Occasion] = row
		}
		if t.Channel == notify.SMS {
			row.Languages = append(row.Languages, choice{Value: t.Locale, Label: t.Locale, URL: textURL(t.OwnText, query)})
			if t.Locale == f.Locale {
				row.Example = s.opt.Desk.ExampleText(f.Workshop, t.OwnText)
			}
		}
		last := &row.Languages[len(row.Languages)-1]
		last.Checked = last.Checked || t.Own
		row.Own = row.Own || t.Own
	}
	placed := map[string]bool{}
	for _, group := range occasionGroups {
		g := textGroup{Label: f.words("page.texts.group." + group.key)}
		occasions := group.occasions
		if occasions == nil {
			occasions = templates.Occasions
		}
		for _, occasion := range occasions {
			if rows[occasion] != nil && !placed[occasion] {
				placed[occasion] = true
				g.Texts = append(g.Texts, *rows[occasion])
			}
		}
		p.Groups = append(p.Groups, g)
	}
	return s.show(c, http.StatusOK, "settings_texts", p.Locale, p)
}

// textURL is the page of a text.
func textURL(t booking.OwnText, query string) string {
	address := with(settingsURL("/texts/"+url.PathEscape(t.Occasion), query, ""), "in", t.Locale)
	return with(address, "channel", string(t.Channel))
}

// textPage is the form of a text with what it looks like.
type textPage struct {
	frame
	Text      booking.TextEntry // as typed
	Label     string
	Mail      bool
	Action    string
	PreviewAt string
	Back      string
	Languages []choice
	Channels  []choice
	Fields    []fieldRow
	Musts     []string // "{time} or {when}", each of which must be there
	Preview   *booking.TextPreview
	Cost      *costView
	Doubtful  string
}

// fieldRow is a field that a text may hold, with an example.
type fieldRow struct {
	Name, Example string
}

// textPage finds the text of the address.
func (s *Server) textPage(c echo.Context) (*textPage, error) {
	f, query, err := s.settingsFrame(c)
	if err != nil {
		return nil, err
	}
	t := booking.OwnText{WorkshopID: f.Workshop.ID, Occasion: c.Param("occasion"), Locale: c.QueryParam("in"), Channel: notify.Channel(c.QueryParam("channel"))}
	if t.Locale == "" {
		t.Locale = f.Workshop.Locale
	}
	if t.Channel == "" {
		t.Channel = notify.SMS
	}
	found, err := s.opt.Desk.Text(c.Request().Context(), t)
	if err != nil {
		return nil, err
	}
	p := &textPage{frame: f, Text: *found, Label: f.words("occasion." + t.Occasion), Mail: t.Channel == notify.Email, Back: settingsURL("/texts", query, "")}
	p.Action = textURL(t, query)
	p.PreviewAt = strings.Replace(p.Action, "/texts/"+url.PathEscape(t.Occasion), "/texts/"+url.PathEscape(t.Occasion)+"/preview", 1)
	for _, locale := range templates.Locales {
		other := t
		other.Locale = locale
		p.Languages = append(p.Languages, choice{Value: locale, Label: f.words("locale." + locale), URL: textURL(other, query), Checked: locale == t.Locale})
	}
	for _, channel := range booking.TextChannels {
		other := t
		other.Channel = channel
		p.Channels = append(p.Channels, choice{Value: string(channel), Label: f.words("channel." + string(channel)), URL: textURL(other, query), Checked: channel == t.Channel})
	}
	p.takeFields()
	return p, nil
}

// takeFields lists what the text may speak of, and what it must.
func (p *textPage) takeFields() {
	example := templates.Example(p.Text.Locale, true)
	example.Workshop, example.WorkshopPhone, example.Address = p.Workshop.Name, p.Workshop.Phone, p.Workshop.Address
	for _, name := range templates.FieldsOf(p.Text.Occasion, p.Mail) {
		p.Fields = append(p.Fields, fieldRow{name, templates.FieldExample(p.Text.Locale, name, p.Mail, example)})
	}
	for _, group := range templates.Needs(p.Text.Occasion, p.Mail) {
		p.Musts = append(p.Musts, "{"+strings.Join(group, "} "+p.words("page.texts.or")+" {")+"}")
	}
}

// typed reads the form.
func (p *textPage) typed(c echo.Context) {
	p.Text.Title, p.Text.Body = typed(c, "title", maxLine), typed(c, "body", 2*maxNote)
}

// look fills in what the text looks like; the status is that of the answer.
func (s *Server) look(p *textPage) (status int, err error) {
	p.Preview, err = s.opt.Desk.PreviewText(p.Workshop, p.Text.OwnText)
	if err != nil {
		if status := p.refused(err); status != 0 {
			return status, nil
		}
		return 0, err
	}
	if !p.Mail {
		p.Cost = p.costView(p.Preview.Cost, "f-body", p.Text.Body)
	}
	if len(p.Preview.Doubtful) > 0 {
		p.Doubtful = "{" + strings.Join(p.Preview.Doubtful, "} {") + "}"
	}
	return http.StatusOK, nil
}

// pageText shows a text and what it looks like.
func (s *Server) pageText(c echo.Context) error {
	p, err := s.textPage(c)
	if err != nil {
		return s.fail(c, err)
	}
	if _, err := s.look(p); err != nil {
		return s.fail(c, err)
	}
	return s.show(c, http.StatusOK, "settings_text", p.Locale, p)
}

// pageTextSubmit stores a text, shows what it would look like, replaces what is
// dear, or puts ours back.
func (s *Server) pageTextSubmit(c echo.Context) error {
	p, err := s.textPage(c)
	if err != nil {
		return s.fail(c, err)
	}
	ctx, by := c.Request().Context(), managerOf(p.Staff)
	switch {
	case c.FormValue("act") == "reset":
		if err := s.opt.Desk.ResetText(ctx, by, p.Text.OwnText); err != nil {
			return s.fail(c, err)
		}
		return seeOther(c, with(p.Action, "done", "settings"))
	case c.FormValue("act") == "look", c.FormValue("replace") != "":
		p.typed(c)
		if c.FormValue("replace") != "" {
			p.Text.Body = notify.ToGSM7(p.Text.Body)
		}
		status, err := s.look(p)
		if err != nil {
			return s.fail(c, err)
		}
		return s.show(c, status, "settings_text", p.Locale, p)
	}
	p.typed(c)
	if _, err = s.opt.Desk.SetText(ctx, by, p.Text.OwnText); err == nil {
		return seeOther(c, with(p.Action, "done", "settings"))
	}
	status := p.refused(err)
	if status == 0 {
		return s.fail(c, err)
	}
	return s.show(c, status, "settings_text", p.Locale, p)
}

// pageTextPreview is what a text looks like as it is being typed, for the page
// that asks for it. It stores nothing.
func (s *Server) pageTextPreview(c echo.Context) error {
	p, err := s.textPage(c)
	if err != nil {
		return s.fail(c, err)
	}
	p.typed(c)
	if _, err := s.look(p); err != nil {
		return s.fail(c, err)
	}
	return s.fragment(c, "settings_text", "text-preview", p.Locale, p)
}

// fragment answers with a part of a page.
func (s *Server) fragment(c echo.Context, page, block, locale string, data any) error {
	var b bytes.Buffer
	if err := templates.Fragment(&b, page, block, locale, data); err != nil {
		return s.fail(c, err)
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.HTMLBlob(http.StatusOK, b.Bytes())
}

// costView is what an SMS costs, with what would make it cheaper.
type costView struct {
	Parts      int
	Dear       bool   // it needs the dearer alphabet
	Characters string // what forces it: "’ → ', …"
	// Offer is what the input would hold with all of that replaced, where that
	// takes fewer parts.
	Offer      string
	OfferParts int
	Input      string // id of the input
}

// costView shows what a text costs; typed is what stands in the input, which is
// all that can be replaced.
func (f *frame) costView(cost notify.Cost, input, typed string) *costView {
	v := &costView{Parts: cost.Parts, Dear: cost.Alphabet == notify.UCS2, Input: input}
	var each []string
	for _, foreign := range cost.Foreign[:min(len(cost.Foreign), 8)] {
		char := foreign.Char
		if strings.TrimSpace(char) == "" || char == "\u200b" || char == "\ufeff" {
			char = f.words("page.cost.invisible")
		}
		if foreign.Replaced {
			char += " → " + strings.Replace(foreign.Instead, " ", "␣", 1)
		}
		each = append(each, char)
	}
	v.Characters = strings.Join(each, ", ")
	if cost.Cheaper != "" {
		v.Offer, v.OfferParts = notify.ToGSM7(typed), cost.CheaperParts
	}
	return v
}

// pageDeskCost tells what an SMS to the customer of a job costs as it is being
// typed: with the signature under own words, as it stands where it is a status's.
func (s *Server) pageDeskCost(c echo.Context) error {
	p, err := s.deskJobPage(c)
	if err != nil {
		return s.fail(c, err)
	}
	body := typed(c, "body", maxNote)
	if c.FormValue("to") != "" {
		return s.fragment(c, "desk_job", "cost", p.Locale, map[string]any{"id": "text-cost", "cost": p.statusCost(body)})
	}
	draft, err := s.draft(c, p, body)
	if err != nil {
		return s.fail(c, err)
	}
	return s.fragment(c, "desk_job", "cost", p.Locale, map[string]any{"id": "write-cost", "cost": draft.Cost})
}

// statusCost is what a status's text costs, nil where it goes by e-mail.
func (p *deskJobPage) statusCost(body string) *costView {
	if p.Job.ContactPhone == "" || body == "" {
		return nil
	}
	return p.costView(notify.Explain(body), "f-text", body)
}

// draftView is what an advisor's own words will look like.
type draftView struct {
	Text string
	Cost *costView // nil where they go by e-mail
}

// draft shows what was typed as it will go, over the channel that was chosen.
func (s *Server) draft(c echo.Context, p *deskJobPage, body string) (*draftView, error) {
	if body == "" {
		return &draftView{}, nil
	}
	out, err := s.opt.Desk.Draft(c.Request().Context(), p.Job.ID, notify.Channel(c.FormValue("channel")), body, s.actor(c))
	if fault.Is(err, fault.Conflict) || fault.Is(err, fault.Invalid) { // no address there: sending will say so
		return &draftView{}, nil
	}
	if err != nil {
		return nil, err
	}
	v := &draftView{Text: out.Body}
	if out.Channel == notify.SMS {
		v.Cost = p.costView(notify.Explain(out.Body), "f-body", body)
	}
	return v, nil
}
