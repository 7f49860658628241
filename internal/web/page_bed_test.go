package web

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// screen is a page as a browser without JavaScript has it.
type screen struct {
	b      *bed
	status int
	path   string // after redirects, with query
	root   *html.Node
}

// open asks for a page, following redirects, in English.
func (b *bed) open(path string) *screen {
	b.t.Helper()
	return b.browse("GET", path, nil)
}

func (b *bed) browse(method, path string, form url.Values) *screen {
	b.t.Helper()
	for range 5 {
		target := b.url + path
		body := ""
		if method == "GET" && form != nil {
			u, err := url.Parse(path)
			b.must(err)
			u.RawQuery = form.Encode()
			path = u.String()
			target = b.url + path
		} else if form != nil {
			body = form.Encode()
		}
		req, err := http.NewRequestWithContext(b.t.Context(), method, target, strings.NewReader(body))
		b.must(err)
		req.Header.Set("Accept-Language", "en")
		if method == "POST" {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.Header.Set("Origin", b.url)
			req.Header.Set("Sec-Fetch-Site", "same-origin")
		}
		a := b.do(req)
		if a.status == http.StatusSeeOther || a.status == http.StatusFound {
			method, form = "GET", nil
			path, _, _ = strings.Cut(a.header.Get("Location"), "#")
			continue
		}
		root, err := html.Parse(strings.NewReader(string(a.raw)))
		b.must(err)
		return &screen{b: b, status: a.status, path: path, root: root}
	}
	b.t.Fatalf("%s redirects for ever", path)
	return nil
}

// want checks the status and that the page can be used by everyone.
func (s *screen) want(status int) *screen {
	s.b.t.Helper()
	if s.status != status {
		s.b.t.Fatalf("%s answered %d, want %d: %s", s.path, s.status, status, s.words())
	}
	s.accessible()
	return s
}

// all lists the elements that a test likes.
func (s *screen) all(like func(*html.Node) bool) []*html.Node { return below(s.root, like) }

func below(n *html.Node, like func(*html.Node) bool) []*html.Node {
	var out []*html.Node
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && like(d) {
			out = append(out, d)
		}
	}
	return out
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

// text is what an element says.
func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode && d.Parent.Data != "script" && d.Parent.Data != "noscript" {
			b.WriteString(d.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// words is all that the page says.
func (s *screen) words() string {
	for _, n := range s.all(func(n *html.Node) bool { return n.Data == "main" }) {
		return text(n)
	}
	return text(s.root)
}

// says checks sentences of the page.
func (s *screen) says(sentences ...string) *screen {
	s.b.t.Helper()
	all := s.words()
	for _, sentence := range sentences {
		if !strings.Contains(all, sentence) {
			s.b.t.Fatalf("%s does not say %q: %s", s.path, sentence, all)
		}
	}
	return s
}

// saysNot checks that sentences are not on the page.
func (s *screen) saysNot(sentences ...string) *screen {
	s.b.t.Helper()
	for _, sentence := range sentences {
		if strings.Contains(s.words(), sentence) {
			s.b.t.Fatalf("%s says %q: %s", s.path, sentence, s.words())
		}
	}
	return s
}

// link finds the address behind a link by its words.
func (s *screen) link(words string) string {
	s.b.t.Helper()
	for _, a := range s.all(func(n *html.Node) bool { return n.Data == "a" }) {
		if strings.Contains(text(a), words) || strings.Contains(attr(a, "aria-label"), words) {
			path, _, _ := strings.Cut(attr(a, "href"), "#")
			return path
		}
	}
	s.b.t.Fatalf("%s has no link %q: %s", s.path, words, s.words())
	return ""
}

// sheet is a form as it would be sent.
type sheet struct {
	s      *screen
	node   *html.Node
	values url.Values
}

// form finds a form by a part of its address and reads what it would send.
func (s *screen) form(action string) *sheet {
	s.b.t.Helper()
	for _, n := range s.all(func(n *html.Node) bool { return n.Data == "form" }) {
		if strings.HasSuffix(attr(n, "action"), action) {
			return &sheet{s, n, valuesOf(n)}
		}
	}
	s.b.t.Fatalf("%s has no form %q: %s", s.path, action, s.words())
	return nil
}

func valuesOf(form *html.Node) url.Values {
	v := url.Values{}
	for _, n := range below(form, func(n *html.Node) bool { return attr(n, "name") != "" && !has(n, "disabled") }) {
		name := attr(n, "name")
		switch n.Data {
		case "input":
			kind := attr(n, "type")
			if (kind == "checkbox" || kind == "radio") && !has(n, "checked") {
				continue
			}
			v.Add(name, attr(n, "value"))
		case "textarea":
			for c := range n.Descendants() {
				v.Add(name, c.Data)
			}
			if n.FirstChild == nil {
				v.Add(name, "")
			}
		case "select":
			options := below(n, func(o *html.Node) bool { return o.Data == "option" })
			i := max(0, slices.IndexFunc(options, func(o *html.Node) bool { return has(o, "selected") }))
			v.Add(name, attr(options[i], "value"))
		}
	}
	return v
}

// set fills an input in; it must be there.
func (f *sheet) set(name string, values ...string) *sheet {
	f.s.b.t.Helper()
	if len(below(f.node, func(n *html.Node) bool { return attr(n, "name") == name })) == 0 {
		f.s.b.t.Fatalf("%s: the form has no input %q", f.s.path, name)
	}
	f.values[name] = values
	return f
}

// offers lists the values of the inputs or buttons of a name.
func (f *sheet) offers(name string) []string {
	var out []string
	for _, n := range below(f.node, func(n *html.Node) bool { return attr(n, "name") == name && n.Data != "select" }) {
		out = append(out, attr(n, "value"))
	}
	return out
}

// send submits the form, with a button's name and value where it matters.
func (f *sheet) send(button ...string) *screen {
	f.s.b.t.Helper()
	if len(button) == 2 {
		f.values.Set(button[0], button[1])
	}
	method := strings.ToUpper(attr(f.node, "method"))
	return f.s.b.browse(method, attr(f.node, "action"), f.values)
}

// accessible checks what everybody needs: a language, one heading of the first
// rank, a label for every input, a name for every button and link, no id twice.
func (s *screen) accessible() {
	t := s.b.t
	t.Helper()
	ids := map[string]int{}
	labels := map[string]bool{}
	for _, n := range s.all(func(*html.Node) bool { return true }) {
		if id := attr(n, "id"); id != "" {
			ids[id]++
		}
		if n.Data == "label" {
			labels[attr(n, "for")] = true
		}
	}
	for id, n := range ids {
		if n > 1 {
			t.Errorf("%s: the id %q stands %d times", s.path, id, n)
		}
	}
	if n := len(s.all(func(n *html.Node) bool { return n.Data == "h1" })); n != 1 {
		t.Errorf("%s has %d headings of the first rank", s.path, n)
	}
	for _, n := range s.all(func(n *html.Node) bool { return slices.Contains([]string{"input", "select", "textarea"}, n.Data) }) {
		if attr(n, "type") == "hidden" || has(n, "hidden") {
			continue
		}
		if !labels[attr(n, "id")] && !within(n, "label") {
			t.Errorf("%s: the input %q has no label", s.path, attr(n, "name"))
		}
		if kind := attr(n, "type"); (kind == "radio") && !within(n, "fieldset") {
			t.Errorf("%s: the choice %q stands in no fieldset", s.path, attr(n, "name"))
		}
		for id := range strings.FieldsSeq(attr(n, "aria-describedby")) {
			if ids[id] == 0 {
				t.Errorf("%s: %q is described by %q, which is not there", s.path, attr(n, "name"), id)
			}
		}
	}
	for _, n := range s.all(func(n *html.Node) bool { return n.Data == "button" || n.Data == "a" }) {
		if text(n) == "" && attr(n, "aria-label") == "" {
			t.Errorf("%s: a %s without words: %s", s.path, n.Data, attr(n, "href"))
		}
	}
	all := s.words()
	if strings.Contains(s.path, "/settings/texts") { // where fields in braces are what it is about
		all = textField.ReplaceAllString(all, "")
	}
	if bareKey.MatchString(all) {
		t.Errorf("%s shows a key instead of a sentence: %s", s.path, all)
	}
}

// textField is a field of a text, as managers write it.
var textField = regexp.MustCompile(`\{[a-z_]+\}`)

// bareKey is what a page shows where a sentence or one of its values is missing.
var bareKey = regexp.MustCompile(`\b(page|fault|status|channel|field|message_state|promise|outcome|attention)\.[a-z]|<no value>|%!|\{[a-z_.]+\}`)

func within(n *html.Node, tag string) bool {
	for p := range n.Ancestors() {
		if p.Data == tag {
			return true
		}
	}
	return false
}

// wrong lists the inputs marked as wrong.
func (s *screen) wrong() []string {
	var out []string
	for _, n := range s.all(func(n *html.Node) bool { return attr(n, "aria-invalid") == "true" }) {
		out = append(out, attr(n, "name"))
	}
	return out
}

// atDesk signs a member of staff in with the browser.
func (b *bed) atDesk(email string) *screen {
	b.t.Helper()
	f := b.open("/desk").want(200).form("/desk/sign-in")
	return f.set("email", email).set("password", testPassword).send().want(200)
}
