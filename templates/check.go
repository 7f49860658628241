package templates

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What a text of a manager's may take.
const (
	MaxTextBody  = 1000 // characters of an SMS with its fields
	MaxMailBody  = 5000 // of an e-mail
	MaxMailTitle = 150
)

// Own is a workshop's own words for an occasion, ready to be filled in.
type Own struct {
	title *Wording // of an e-mail
	body  *Wording
}

// Mail makes an e-mail of the words.
func (o *Own) Mail(locale string, d TextData) (title, body string) {
	if o.title != nil {
		title = oneLine(o.title.fill(known(locale), true, d))
	}
	return title, o.body.fill(known(locale), true, d)
}

// Text makes an SMS of the words.
func (o *Own) Text(locale string, d TextData) string {
	return o.body.fill(known(locale), false, d)
}

// Flaws are what is wrong with words, by the input that holds it: "title",
// "body", "locale", "occasion".
type Flaws map[string]*Flaw

// Compile reads words that were checked when they were stored.
func Compile(title, body string) (*Own, Flaws) {
	flaws := Flaws{}
	var o Own
	var wrong *Flaw
	if title != "" {
		if o.title, wrong = ParseWording(title); wrong != nil {
			flaws["title"] = wrong
		}
	}
	if o.body, wrong = ParseWording(body); wrong != nil {
		flaws["body"] = wrong
	}
	return &o, flaws
}

// Check reads words that somebody wants to store for an occasion and tells all
// that is to be mended first: a locale that we do not speak or another than the
// one they are written in, fields that do not exist or that the occasion knows
// nothing of, what they must say and do not, and what is too long.
func Check(locale, occasion string, mail bool, title, body string) (*Own, Flaws) {
	if !slices.Contains(Locales, locale) {
		return nil, Flaws{"locale": flaw("fault.text_locale", "locale", locale)}
	}
	if !slices.Contains(Occasions, occasion) {
		return nil, Flaws{"occasion": flaw("fault.text_occasion", "occasion", occasion)}
	}
	o, flaws := Compile(title, body)
	limit := MaxTextBody
	if mail {
		limit = MaxMailBody
		checkTitle(o, flaws, occasion, title)
	} else if title != "" {
		flaws["title"] = flaw("fault.text_title_sms")
	}
	switch wrong := foreignField(o.body, occasion, mail); {
	case flaws["body"] != nil:
	case strings.TrimSpace(body) == "":
		flaws["body"] = flaw("fault.required")
	case utf8.RuneCountInString(body) > limit:
		flaws["body"] = flaw("fault.too_long", "max", limit)
	case wrong != nil:
		flaws["body"] = wrong
	default:
		if wrong := o.lacks(locale, occasion, mail); wrong != nil {
			flaws["body"] = wrong
		} else if is := languageOf(body); is != "" && is != locale {
			flaws["body"] = flaw("fault.text_language", "is", is, "should", locale)
		}
	}
	if len(flaws) > 0 {
		return nil, flaws
	}
	return o, nil
}

func checkTitle(o *Own, flaws Flaws, occasion, title string) {
	switch wrong := foreignField(o.title, occasion, false); {
	case flaws["title"] != nil:
	case strings.TrimSpace(title) == "":
		flaws["title"] = flaw("fault.required")
	case strings.ContainsAny(title, "\r\n"):
		flaws["title"] = flaw("fault.text_title_line")
	case utf8.RuneCountInString(title) > MaxMailTitle:
		flaws["title"] = flaw("fault.too_long", "max", MaxMailTitle)
	case wrong != nil:
		flaws["title"] = wrong
	}
}

// foreignField finds a field that is always empty on an occasion.
func foreignField(w *Wording, occasion string, mail bool) *Flaw {
	if w == nil {
		return nil
	}
	known := FieldsOf(occasion, mail)
	for _, name := range w.Fields() {
		if !slices.Contains(known, name) {
			return flaw("fault.text_field_here", "field", "{"+name+"}", "fields", "{"+strings.Join(known, "} {")+"}")
		}
	}
	return nil
}

// needs are what a text of an occasion must say besides the advisor's name: one
// field of each group.
var needs = map[string][][]string{
	"booked": {{"time", "when", "details"}, {"link"}}, "moved": {{"time", "when", "details"}, {"link"}}, "new_advisor": {{"time", "when", "details"}, {"link"}}, "chosen_advisor": {{"time", "when", "details"}, {"link"}},
	"reminder": {{"time", "when", "details"}}, "reconfirm": {{"time", "when", "details"}}, "cancelled": {{"time", "when", "details"}}, "offer_times": {{"link"}}, "recall": {{"link"}},
	"estimate": {{"link"}}, "estimate_again": {{"link"}}, "waitlist_offer": {{"time", "when", "details"}, {"link"}},
	"case_opened": {{"due"}}, "late_call": {{"due"}}, "late_ready": {{"due"}},
	"survey": {{"question"}, {"scale", "highest"}}, "survey_again": {{"question"}, {"scale", "highest"}}, "survey_reminder": {{"question"}, {"scale", "highest"}}, "survey_reask": {{"question"}, {"scale", "highest"}},
	"callback": {{"due"}}, "code": {{"code"}}, "advisor": {{"note"}},
}

// Needs names what a text of an occasion must hold: one field of each group.
func Needs(occasion string, mail bool) [][]string {
	var out [][]string
	for _, group := range append([][]string{{"advisor", "signature"}}, needs[occasion]...) {
		group = slices.Clone(group)
		out = append(out, slices.DeleteFunc(group, func(name string) bool { return !mail && slices.Contains(mailFields, name) }))
	}
	return out
}

// lacks finds what words must say and do not where everything else is unknown.
func (o *Own) lacks(locale, occasion string, mail bool) *Flaw {
	for _, group := range Needs(occasion, mail) {
		var d TextData
		d.Day, d.Date, d.Time, d.Scale = "\x01", "\x01", "\x01", "1-5"
		for _, name := range group {
			d.mark(name)
		}
		said := o.body.write(func(name string) string {
			if slices.Contains(group, name) && (name == "question" || name == "scale" || name == "highest") {
				return "\x02"
			}
			return d.field(locale, name, mail)
		})
		if !strings.Contains(said, "\x02") {
			return flaw("fault.text_lacks", "field", "{"+group[0]+"}")
		}
	}
	return nil
}

// mark makes a field one that can be told from all others.
func (d *TextData) mark(name string) {
	const sign = "\x02"
	switch name {
	case "advisor", "signature":
		d.Advisor = sign
	case "time":
		d.Time = sign
	case "link":
		d.Link = sign
	case "due":
		d.Due = sign
	case "code":
		d.Code = sign
	case "note":
		d.Note = sign
	case "ready_by":
		d.ReadyBy = sign
	}
}

// Doubtful names the fields of words that may be empty and yet stand outside
// brackets: without them the text has a hole.
func (o *Own) Doubtful() []string {
	var names []string
	for _, name := range o.body.Bare() {
		if !slices.Contains(sure, name) {
			names = append(names, name)
		}
	}
	return names
}

// Ours gives our own words for an occasion, as a manager may change them. An
// occasion without an e-mail of its own has the words of its text.
func Ours(locale, occasion string, mail bool) (title, body string) {
	locale = known(locale)
	if mail {
		if raw, err := fs.ReadFile(files, "mails/"+occasion+"."+locale+".txt"); err == nil {
			head, body, _ := strings.Cut(string(raw), "\n")
			return strings.TrimSpace(strings.TrimPrefix(head, "Subject:")), strings.TrimSpace(body)
		}
		title = T(locale, "mail.title."+occasion, nil)
	}
	raw, err := fs.ReadFile(files, "texts/"+occasion+"."+locale+".txt")
	if err != nil {
		return title, ""
	}
	return title, strings.TrimSpace(string(raw))
}

// tellTale are words that one of our languages has often and the others not.
var tellTale = map[string]map[string]bool{
	"fi": wordSet("ja on ei sinun sinulle sinut tähän viestiin vastaa kiitos hei jos kun niin että mutta aika aikasi klo voit terveisin soitan työ nyt tervetuloa kysyttävää olet ovat meillä meidän"),
	"sv": wordSet("och är inte du dig din ditt det här meddelandet svara tack hej om när så att men tid tiden kan hälsningar ringer arbetet nu välkommen undrar har vi oss för på av med jag till"),
	"en": wordSet("and is not you your this message reply thank hello hi if when the that but time can wishes call work now welcome questions have has we us for of with will to it"),
}

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(words) {
		set[word] = true
	}
	return set
}

var ofFields = regexp.MustCompile(`\{[^}]*\}|https?://\S+`)

// languageOf tells which of our languages a text is clearly written in, "" where
// it is too short or too mixed to say.
func languageOf(text string) string {
	score, best := map[string]int{}, ""
	for _, word := range strings.FieldsFunc(strings.ToLower(ofFields.ReplaceAllString(text, " ")), func(r rune) bool { return !unicode.IsLetter(r) }) {
		for locale, set := range tellTale {
			if set[word] {
				score[locale]++
			}
		}
	}
	for _, locale := range Locales {
		if score[locale] > score[best] {
			best = locale
		}
	}
	for _, locale := range Locales {
		if locale != best && (score[best] < 4 || score[best] < 3*score[locale]) {
			return ""
		}
	}
	return best
}
