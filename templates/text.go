package templates

import (
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Occasions are all the reasons we have to write to a customer. Each has a
// text in every locale; some have an e-mail of their own as well.
//
//   - booked, moved, cancelled, reminder: before the visit
//   - new_advisor: somebody else receives at the same time; chosen_advisor: the
//     customer chose another advisor and kept the time; offer_times: we
//     cannot receive as agreed, please choose a new time
//   - received, in_work, waiting_approval, waiting_parts, ready, collected,
//     no_show: the job moved; resumed: it is in work again after a wait
//   - handover: another advisor has taken the job over from Former
//   - survey, survey_again, survey_reminder, thanks: after it
//   - callback: a call is promised by Due; calling: it comes now; late_call: it
//     will be late, by Due; late_ready: the work will not be ready as promised,
//     a call by Due tells more
//   - case_opened: sorry, somebody calls by Due; sorted: have we put it right?;
//     sorted_yes: thanks for a yes; survey_reask: the question once more after it
//   - estimate: extra work is proposed, to be answered on the page of Link;
//     estimate_again: a yes by text, which approves nothing, gets that link once
//     more; estimate_decided: what was answered there
//   - code: a one-time code to prove a phone with
//   - waitlist_offer: a time has become free, held until Due; waitlist_unclear:
//     the answer to that was neither yes nor no; waitlist_gone: it came too late;
//     waitlist_over: so late that the place on the list has ended, too
//   - reconfirm: does a visit booked long ago still hold?
//   - recall: the next visit is due by its service's interval
//   - acknowledge: what the customer wrote has arrived and a person will read it
//   - advisor: the advisor's own words (Note), signed
var Occasions = []string{
	"booked", "moved", "cancelled", "reminder", "new_advisor", "chosen_advisor", "offer_times",
	"received", "in_work", "resumed", "waiting_approval", "waiting_parts", "ready", "collected", "no_show", "handover",
	"survey", "survey_again", "survey_reminder", "thanks",
	"callback", "calling", "late_call", "late_ready", "acknowledge", "advisor", "code",
	"case_opened", "sorted", "sorted_yes", "survey_reask",
	"estimate", "estimate_again", "estimate_decided",
	"waitlist_offer", "waitlist_unclear", "waitlist_gone", "waitlist_over", "reconfirm", "recall",
}

// TextData is what a text may speak of. All strings are already formatted for
// the locale. Date, Time and Day belong together; anything else may be empty
// and the text reads well without it.
type TextData struct {
	Advisor       string // first name of who signs
	Workshop      string // its name
	WorkshopPhone string
	Address       string // the workshop's
	Customer      string // first name
	Vehicle       string // "ABC-123" or "Volvo V60 ABC-123"; empty where there is none
	Service       string // the names of what is booked, joined with ", "
	Reference     string // "NV-7K3Q9"
	Link          string // the customer's own page of the job, or the survey's page
	Date          string // as Date gives it
	Time          string // as Clock gives it
	Day           string // as Day gives it
	ReadyBy       string // as Moment gives it, or a Clock
	Scale         string // of the survey, as ScaleEnds knows it
	Note          string // the advisor's own words
	Due           string // of a promised call, as Moment gives it
	Code          string // a one-time code
	Price         string // that was approved, as Money gives it
	Ceiling       string // what that may cost at most
	Former        string // first name of the advisor who had the job before
	Bring         []string
}

// Text is the SMS of an occasion. An unknown occasion is an error; an unknown
// locale falls back to the first of Locales.
func Text(locale, occasion string, d TextData) (string, error) {
	set, err := texts()
	if err != nil {
		return "", err
	}
	return set.run("texts", known(locale), occasion, d)
}

// Mail is the e-mail of an occasion in plain text: its title and body. An
// occasion without an e-mail of its own sends the words of its text under a
// title from the locale ("mail.title.<occasion>").
func Mail(locale, occasion string, d TextData) (title, body string, err error) {
	set, err := texts()
	if err != nil {
		return "", "", err
	}
	locale = known(locale)
	if !set.has("mails", locale, occasion) {
		body, err = set.run("texts", locale, occasion, d)
		if err != nil {
			return "", "", err
		}
		return oneLine(T(locale, "mail.title."+occasion, nil)), body, nil
	}
	whole, err := set.run("mails", locale, occasion, d)
	if err != nil {
		return "", "", err
	}
	head, body, _ := strings.Cut(whole, "\n")
	title, ok := strings.CutPrefix(head, "Subject:")
	if !ok {
		return "", "", fmt.Errorf("mails/%s.%s.txt does not begin with Subject:", occasion, locale)
	}
	return oneLine(title), strings.TrimLeft(body, "\n"), nil
}

// textSet is every text and e-mail, parsed, by "texts/booked.fi".
type textSet map[string]*Wording

var texts = sync.OnceValues(func() (textSet, error) {
	set := textSet{}
	for _, dir := range []string{"texts", "mails"} {
		names, err := fs.Glob(files, dir+"/*.txt")
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", dir, err)
		}
		for _, name := range names {
			raw, err := fs.ReadFile(files, name)
			if err != nil {
				return nil, fmt.Errorf("read %s: %w", name, err)
			}
			w, wrong := ParseWording(string(raw))
			if wrong != nil {
				return nil, fmt.Errorf("parse %s: %s", name, T("en", wrong.Key, wrong.Args))
			}
			set[strings.TrimSuffix(name, ".txt")] = w
		}
	}
	return set, nil
})

func lowerFirst(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(first)) + s[size:]
}

// ScaleEnds gives the lowest and the highest answer of a survey's scale: "1-5",
// "0-10", "effort-5" and "effort-7". Anything else is "1-5".
func ScaleEnds(scale string) (low, high int) {
	switch scale {
	case "0-10":
		return 0, 10
	case "effort-7":
		return 1, 7
	}
	return 1, 5
}

// HasMail tells whether an occasion has an e-mail of its own, beside its text.
func HasMail(locale, occasion string) bool {
	set, err := texts()
	return err == nil && set.has("mails", known(locale), occasion)
}

func (s textSet) has(dir, locale, occasion string) bool {
	return s[dir+"/"+occasion+"."+locale] != nil
}

func (s textSet) run(dir, locale, occasion string, d TextData) (string, error) {
	t := s[dir+"/"+occasion+"."+locale]
	if t == nil {
		return "", fmt.Errorf("no text for the occasion %q", occasion)
	}
	return t.fill(locale, dir == "mails", d), nil
}

// fill makes the text of a wording and tidies what comes of it.
func (w *Wording) fill(locale string, mail bool, d TextData) string {
	// A person's own words go in after tidying, exactly as they were written.
	note := strings.TrimSpace(d.Note)
	if d.Note = ""; note != "" {
		d.Note = noteMark
	}
	text := w.write(func(name string) string { return d.field(locale, name, mail) })
	return strings.ReplaceAll(tidy(text), noteMark, note)
}

// noteMark stands for the note while a text is tidied; no wording has it.
const noteMark = "\x00"

// tidy removes what empty brackets leave behind: doubled spaces,
// spaces at the ends of lines, more than one empty line in a row.
func tidy(s string) string {
	var lines []string
	for line := range strings.Lines(s) {
		line = strings.TrimSpace(strings.Join(strings.FieldsFunc(line, func(r rune) bool {
			return r == ' ' || r == '\t' || r == '\r' || r == '\n'
		}), " "))
		if line == "" && (len(lines) == 0 || lines[len(lines)-1] == "") {
			continue
		}
		lines = append(lines, line)
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// oneLine makes a header value of a string: no line break may survive in it.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
