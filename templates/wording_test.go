package templates

import (
	"slices"
	"strings"
	"testing"
)

func TestAWordingIsFilledInAsItReads(t *testing.T) {
	full := Example("en", true)
	full.ReadyBy = ""
	for name, c := range map[string]struct{ source, want string }{
		"words":                           {"Hello there", "Hello there"},
		"a field":                         {"Hello {customer}!", "Hello Liisa!"},
		"case and spaces do not matter":   {"{ Customer } {ADVISOR}", "Liisa Satu"},
		"a bracket whose field is known":  {"Hello[ {customer}]!", "Hello Liisa!"},
		"a bracket whose field is empty":  {"Done[, by {ready_by}].", "Done."},
		"one of several fields is empty":  {"A[ {customer} {ready_by}] B", "A B"},
		"the second choice":               {"[by {ready_by}|soon]", "soon"},
		"the third choice":                {"[{ready_by}|{due} {ready_by}|{vehicle}]", "Volvo V60 ABC-123"},
		"no choice fits":                  {"A[ {ready_by}| x {ready_by}]", "A"},
		"a bar outside brackets is a bar": {"a|b", "a|b"},
		"doubled signs are meant":         {"{{x}} [[y]]", "{x} [y]"},
		"lines stay":                      {"a\n\n[{ready_by}\n]b", "a\n\nb"},
		"a value with braces is not read": {"{note}", "{advisor} [x]"},
		"made of others":                  {"{when} {scale} {highest} {best}", "Mon 23 Nov at 09:30 1-5 5 fully"},
		"the signature":                   {"{signature}", "Best wishes, Satu, Korjaamo Keskusta Oy"},
	} {
		t.Run(name, func(t *testing.T) {
			w, wrong := ParseWording(c.source)
			if wrong != nil {
				t.Fatal(T("en", wrong.Key, wrong.Args))
			}
			d := full
			d.Note = "{advisor} [x]"
			if text := (&Own{body: w}).Text("en", d); text != c.want {
				t.Errorf("%q, want %q", text, c.want)
			}
		})
	}
}

func TestWhatIsWrongWithAWordingIsToldAsWhatToMend(t *testing.T) {
	good := "Hi {customer}, {when}: {link} {advisor}"
	for name, c := range map[string]struct{ occasion, body, says string }{
		"a field that does not exist":     {"booked", good + " {colour}", "no field {colour}"},
		"a slip of the keyboard":          {"booked", good + " {vehcile}", "Did you mean {vehicle}?"},
		"an open brace":                   {"booked", good + " {vehicle", "a brace has no partner"},
		"a lone closing brace":            {"booked", good + " vehicle}", "a brace has no partner"},
		"a field over two lines":          {"booked", good + " {vehi\ncle}", "a brace has no partner"},
		"an open bracket":                 {"booked", good + " [ {vehicle}", "does not close"},
		"a lone closing bracket":          {"booked", good + " ]x", "without its ["},
		"brackets in brackets":            {"booked", good + " [{vehicle}[x]]", "within brackets"},
		"a field in doubled braces":       {"booked", good + " {{vehicle}}", "in single braces: {vehicle}"},
		"a field as programs write it":    {"booked", good + " {{ .Vehicle }}", "in single braces: {vehicle}"},
		"a condition as programs have it": {"booked", good + " {{with .Vehicle}}x{{end}}", "{{with .Vehicle}} means nothing here"},
		"the end of such a condition":     {"booked", good + " {{- end -}}", "{{- end -}} means nothing here"},
		"brackets without a field":        {"booked", good + " [maybe]", "no field in the brackets"},
		"a field of another occasion":     {"booked", good + " {code}", "{code} cannot be used in this message"},
		"an e-mail's field in a text":     {"booked", good + " {details}", "{details} cannot be used"},
		"no advisor":                      {"booked", "Hi, {when}: {link}", "lacks {advisor}"},
		"an advisor who may be left out":  {"booked", "Hi, {when}: {link}[ {vehicle} {advisor}]", "lacks {advisor}"},
		"no link":                         {"booked", "Hi, {when} {advisor}", "lacks {link}"},
		"no time":                         {"booked", "Hi, {day} {link} {advisor}", "lacks {time}"},
		"no code":                         {"code", "Your code {advisor}", "lacks {code}"},
		"no words of the advisor":         {"advisor", "{signature}", "lacks {note}"},
		"no question":                     {"survey", "Hi! Answer {scale}. {advisor}", "lacks {question}"},
		"no scale":                        {"survey", "Hi! {question} {advisor}", "lacks {scale}"},
		"nothing":                         {"booked", "  ", "Please fill in"},
		"too long":                        {"booked", good + strings.Repeat("x", MaxTextBody), "1000"},
		"Finnish among the English":       {"ready", "Hei! Autosi on nyt valmis. Jos sinulla on kysyttävää, vastaa tähän viestiin. Terveisin {advisor}", "reads as another language (Suomeksi"},
		"Swedish among the English":       {"ready", "Hej! Nu är det klart. Undrar du över något kan du svara på det här meddelandet. Hälsningar {advisor}", "reads as another language (På svenska"},
		"an occasion that does not exist": {"birthday", good, "no such message"},
	} {
		t.Run(name, func(t *testing.T) {
			_, flaws := Check("en", c.occasion, false, "", c.body)
			var said []string
			for _, f := range flaws {
				said = append(said, T("en", f.Key, f.Args))
			}
			if len(said) != 1 || !strings.Contains(said[0], c.says) || strings.Contains(said[0], "{near}") {
				t.Errorf("%q, want %q", said, c.says)
			}
		})
	}
	if _, flaws := Check("de", "booked", false, "", good); flaws["locale"] == nil {
		t.Error("German is taken")
	}
	for title, ok := range map[string]bool{"": false, "A\nB": false, "{when}": true, "{note}": false, strings.Repeat("x", 151): false, "{x": false} {
		if _, flaws := Check("en", "booked", true, title, good); (flaws["title"] == nil) != ok {
			t.Errorf("the title %q: %v", title, flaws["title"])
		}
	}
	if _, flaws := Check("en", "booked", false, "A title", good); flaws["title"] == nil {
		t.Error("a text has a title")
	}
}

func TestOurOwnWordsPassTheCheckForManagers(t *testing.T) {
	for _, locale := range Locales {
		for _, occasion := range Occasions {
			for _, mail := range []bool{false, true} {
				title, body := Ours(locale, occasion, mail)
				o, flaws := Check(locale, occasion, mail, title, body)
				for where, f := range flaws {
					t.Errorf("%s.%s %s: %s\n%s", occasion, locale, where, T("en", f.Key, f.Args), body)
				}
				if o == nil {
					continue
				}
				if doubtful := o.Doubtful(); len(doubtful) > 0 {
					t.Errorf("%s.%s: %v may be empty", occasion, locale, doubtful)
				}
				text := o.Text(locale, Example(locale, true))
				ours, err := Text(locale, occasion, Example(locale, true))
				if !mail && (err != nil || text != ours) {
					t.Errorf("%s.%s as a manager's: %q, as ours: %q (%v)", occasion, locale, text, ours, err)
				}
			}
		}
	}
}

func TestAFieldThatMayBeEmptyIsDoubtedOutsideBrackets(t *testing.T) {
	o, flaws := Check("en", "ready", false, "", "Hi {customer}, your car {vehicle} is ready[ {ready_by}]. {advisor}")
	if len(flaws) > 0 || !slices.Equal(o.Doubtful(), []string{"customer", "vehicle"}) {
		t.Errorf("%v %v", flaws, o)
	}
}

func FuzzAWordingIsReadOrRefused(f *testing.F) {
	for _, s := range []string{"", "{advisor}", "[{vehicle}|x]", "[[", "}}", "{", "[", "[|]", "{{advisor}", "[a{link}", "ä\xff{é}", "[]|{|}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		w, wrong := ParseWording(source)
		if (w == nil) == (wrong == nil) {
			t.Fatalf("%q: %v, %v", source, w, wrong)
		}
		if w != nil {
			_ = (&Own{body: w}).Text("en", Example("en", true))
		}
	})
}
