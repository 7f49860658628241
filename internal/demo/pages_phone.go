package demo

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"neuvo/internal/fault"
)

// shownItems is how many items of a chat a page shows, the latest ones.
const shownItems = 200

func (p *pages) phones(w http.ResponseWriter, r *http.Request) error {
	if number := r.URL.Query().Get("number"); number != "" {
		if Number(number) == "" {
			return fault.BadField("query.number", "demo.fault.number", number)
		}
		return seeOther(w, "/demo/phones/"+url.PathEscape(Number(number)))
	}
	list := p.listPhones()
	if wantsJSON(r) {
		return writeJSON(w, http.StatusOK, page(r, list, func(f Phone) string { return f.Number }))
	}
	return p.render(w, r, "demo_phones", "list", struct {
		base
		Phones []Phone
	}{p.base("phones"), list})
}

// phonePage is one phone's screen.
type phonePage struct {
	base
	Number  string
	Bubbles []bubble
	Senders []sender // who can be answered, the latest first
	Draft   string
}

// bubble is one text as the screen shows it.
type bubble struct {
	Text
	NewDay bool // the first one of its day
	Parts  []part
}

// part is a piece of a text: a link where URL is set.
type part struct{ Text, URL string }

// sender is an address that texted the phone, and of its latest text what tells
// it from those of the other senders.
type sender struct{ Address, Last string }

func (p *pages) phone(w http.ResponseWriter, r *http.Request) error {
	number := r.PathValue("number")
	if Number(number) == "" {
		return fault.BadField("path.number", "demo.fault.number", number)
	}
	if wantsJSON(r) {
		list := p.opt.Host.Texts(number)
		if r.URL.Query().Get("all") != "" {
			list = p.opt.Host.Chat(number)
		}
		for i := range list {
			list[i].At = list[i].At.In(p.zone())
		}
		return writeJSON(w, http.StatusOK, page(r, list, func(t Text) string { return t.ID }))
	}
	return p.showPhone(w, r, "", "")
}

func (p *pages) showPhone(w http.ResponseWriter, r *http.Request, problem, draft string) error {
	number := r.PathValue("number")
	if normal := Number(number); normal != "" {
		number = normal
	}
	view := phonePage{base: p.base("phones"), Number: number, Draft: draft}
	view.Error = problem
	chat := p.opt.Host.Chat(number)
	chat = chat[max(0, len(chat)-shownItems):]
	day := ""
	for _, t := range chat {
		t.At = t.At.In(p.zone())
		date := t.At.Format("2006-01-02")
		view.Bubbles = append(view.Bubbles, bubble{Text: t, NewDay: date != day, Parts: linked(t.Body)})
		day = date
	}
	for _, t := range slices.Backward(chat) {
		known := slices.ContainsFunc(view.Senders, func(s sender) bool { return s.Address == t.From })
		if t.Direction == Received && !known {
			view.Senders = append(view.Senders, sender{Address: t.From, Last: t.Body})
		}
	}
	tellApart(view.Senders)
	return p.render(w, r, "demo_phone", "chat", view)
}

// senderWidth is how much of a text names its sender, in characters.
const senderWidth = 64

// tellApart shortens the texts by which senders are named. Texts of one shop
// begin alike: what all have in common is left out, up to the last whole word.
func tellApart(senders []sender) {
	common := 0
	if len(senders) > 1 {
		first := senders[0].Last
		common = len(first)
		for _, s := range senders[1:] {
			n := 0
			for n < min(common, len(s.Last)) && s.Last[n] == first[n] {
				n++
			}
			common = n
		}
		common = strings.LastIndexByte(first[:common], ' ') + 1
	}
	for i := range senders {
		rest := senders[i].Last[common:]
		if common > 0 {
			rest = "… " + rest
		}
		senders[i].Last = shorten(rest, senderWidth)
	}
}

func (p *pages) answerText(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Body string `json:"body"`
		To   string `json:"to"`
	}
	err := readInput(r, &in, func(form url.Values) { in.Body, in.To = form.Get("body"), form.Get("to") })
	if err != nil {
		return err
	}
	number := r.PathValue("number")
	sent, err := p.opt.Host.SendTextTo(number, in.To, in.Body)
	switch {
	case err != nil && (wantsJSON(r) || isJSON(r)), err != nil && fault.KindOf(err) == fault.Internal:
		return err
	case err != nil:
		w.WriteHeader(status(fault.KindOf(err)))
		return p.showPhone(w, r, sentence(locale(r), err), in.Body)
	case wantsJSON(r) || isJSON(r):
		sent.At = sent.At.In(p.zone())
		return writeJSON(w, http.StatusCreated, sent)
	}
	return seeOther(w, "/demo/phones/"+url.PathEscape(Number(number))+"#answer")
}

// address finds links in what the shop wrote.
var link = regexp.MustCompile(`https?://[^\s<>"]+`)

// linked cuts a text into plain parts and links, so that the page can be
// written without trusting a byte of it.
func linked(body string) []part {
	var out []part
	from := 0
	for _, at := range link.FindAllStringIndex(body, -1) {
		end := at[0] + len(strings.TrimRight(body[at[0]:at[1]], ".,;:!?)"))
		if at[0] > from {
			out = append(out, part{Text: body[from:at[0]]})
		}
		out = append(out, part{Text: body[at[0]:end], URL: body[at[0]:end]})
		from = end
	}
	if from < len(body) {
		out = append(out, part{Text: body[from:]})
	}
	return out
}

// shorten gives the first characters of a text on one line.
func shorten(text string, n int) string {
	runes := []rune(oneLine(text))
	if len(runes) <= n {
		return string(runes)
	}
	return strings.TrimRight(string(runes[:n-1]), " ") + "…"
}
