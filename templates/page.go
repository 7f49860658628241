package templates

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Render writes pages/<page>.html inside layout.html in a locale. data is the
// page's dot. The page is rendered whole before the first byte is written: a
// template that fails answers an error, never half a page.
//
// A page defines the blocks "content" and, where it wants, "title", "head",
// "nav" (links in the top bar) and "bodyclass". Its functions are those of
// pageFuncs; the parts in pages/_*.html are at hand.
func Render(w io.Writer, page, locale string, data any) error {
	t, err := pages.get(page, known(locale))
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return fmt.Errorf("render page %s: %w", page, err)
	}
	if _, err := b.WriteTo(w); err != nil {
		return fmt.Errorf("write page %s: %w", page, err)
	}
	return nil
}

// Fragment renders one named block of a page without the layout, for the parts
// of a page that the browser asks for again.
func Fragment(w io.Writer, page, block, locale string, data any) error {
	t, err := pages.get(page, known(locale))
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, block, data); err != nil {
		return fmt.Errorf("render %s of page %s: %w", block, page, err)
	}
	if _, err := b.WriteTo(w); err != nil {
		return fmt.Errorf("write %s of page %s: %w", block, page, err)
	}
	return nil
}

// pageCache keeps each page parsed once per locale: the locale is bound into
// the page's functions.
type pageCache struct {
	mu     sync.Mutex
	parsed map[string]*template.Template
}

var pages pageCache

func (c *pageCache) get(page, locale string) (*template.Template, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := page + "." + locale
	if t, ok := c.parsed[key]; ok {
		return t, nil
	}
	t, err := parsePage(page, locale)
	if err != nil {
		return nil, err
	}
	if c.parsed == nil {
		c.parsed = map[string]*template.Template{}
	}
	c.parsed[key] = t
	return t, nil
}

func parsePage(page, locale string) (*template.Template, error) {
	if page == "layout" || strings.HasPrefix(page, "_") || strings.ContainsAny(page, "/.") {
		return nil, fmt.Errorf("there is no page %q", page)
	}
	list, err := fs.Glob(files, "pages/_*.html")
	if err != nil {
		return nil, fmt.Errorf("list the parts of pages: %w", err)
	}
	list = append([]string{"pages/layout.html"}, append(list, "pages/"+page+".html")...)
	t, err := template.New("layout.html").Funcs(pageFuncs(locale)).ParseFS(files, list...)
	if err != nil {
		return nil, fmt.Errorf("parse page %s: %w", page, err)
	}
	return t, nil
}

// pageFuncs are the functions of pages in one locale:
//
//	t KEY NAME VALUE …  a sentence: {{t "job.title" "reference" .Reference}}
//	has KEY             whether there is such a sentence
//	date, clock, day, moment, month TIME   in the time's own zone
//	iso, ymd TIME       for datetime attributes and inputs: RFC 3339, 2006-01-02
//	money MINOR CURRENCY, minutes N
//	asset NAME          URL of a static file
//	locale, locales     the page's locale, all of them
//	dict NAME VALUE …   a map, to hand several things to a part
//	list VALUE …        a slice
//	json VALUE          JSON for a data- attribute (escaped there like any text)
//	percent SHARE       a share of 0 to 1 as a percentage
//	initials NAME       "SN", for an avatar
//	add A B             a sum, for counting from one
func pageFuncs(locale string) template.FuncMap {
	return template.FuncMap{
		"t": func(key any, pairs ...any) (string, error) {
			args, err := pairUp(pairs)
			if err != nil {
				return "", err
			}
			return T(locale, fmt.Sprint(key), args), nil
		},
		"has":      func(key any) bool { return Has(locale, fmt.Sprint(key)) },
		"date":     timeFunc(func(t time.Time) string { return Date(locale, t) }),
		"clock":    timeFunc(func(t time.Time) string { return Clock(locale, t) }),
		"day":      timeFunc(func(t time.Time) string { return Day(locale, t) }),
		"moment":   timeFunc(func(t time.Time) string { return Moment(locale, t) }),
		"span":     func(from, to time.Time) string { return Span(locale, from, to) },
		"month":    timeFunc(func(t time.Time) string { return Month(locale, t) }),
		"iso":      timeFunc(func(t time.Time) string { return t.Format(time.RFC3339) }),
		"ymd":      timeFunc(func(t time.Time) string { return t.Format(time.DateOnly) }),
		"money":    func(minor int64, currency string) string { return Money(locale, minor, currency) },
		"minutes":  func(n int) string { return Minutes(locale, n) },
		"asset":    Asset,
		"locale":   func() string { return locale },
		"locales":  func() []string { return Locales },
		"dict":     pairUpStrict,
		"list":     func(values ...any) []any { return values },
		"json":     toJSON,
		"initials": initials,
		"percent":  func(share float64) string { return fmt.Sprintf("%.0f\u00a0%%", 100*share) },
		"add":      func(a, b int) int { return a + b },
	}
}

// timeFunc lets a page hand over a time.Time or anything that wraps one; a
// zero time is shown as nothing.
func timeFunc(format func(time.Time) string) func(any) (string, error) {
	return func(v any) (string, error) {
		var t time.Time
		switch v := v.(type) {
		case time.Time:
			t = v
		case interface {
			In(*time.Location) time.Time
			Location() *time.Location
		}:
			t = v.In(v.Location())
		default:
			return "", fmt.Errorf("%T is not a time", v)
		}
		if t.IsZero() {
			return "", nil
		}
		return format(t), nil
	}
}

// pairUp makes a map of NAME VALUE …; one map alone is taken as it is.
func pairUp(pairs []any) (map[string]any, error) {
	if len(pairs) == 1 {
		if m, ok := pairs[0].(map[string]any); ok {
			return m, nil
		}
	}
	return pairUpStrict(pairs...)
}

func pairUpStrict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("names and values must come in pairs, got %d", len(pairs))
	}
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("a name must be a string, got %T", pairs[i])
		}
		m[name] = pairs[i+1]
	}
	return m, nil
}

// toJSON gives plain text, which html/template then escapes for where it stands.
func toJSON(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("write JSON into a page: %w", err)
	}
	return string(b), nil
}

// initials are the first letters of the first and the last word of a name.
func initials(name string) string {
	words := strings.Fields(name)
	if len(words) > 2 {
		words = []string{words[0], words[len(words)-1]}
	}
	var b strings.Builder
	for _, word := range words {
		r, _ := utf8.DecodeRuneInString(word)
		b.WriteRune(r)
	}
	return strings.ToUpper(b.String())
}
