package templates

import (
	"bytes"
	"errors"
	"html/template"
	"io"
	"io/fs"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// pageNames are the pages that stand in pages/.
func pageNames(t *testing.T) []string {
	t.Helper()
	found, err := fs.Glob(files, "pages/*.html")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, path := range found {
		name := strings.TrimSuffix(strings.TrimPrefix(path, "pages/"), ".html")
		if name != "layout" && !strings.HasPrefix(name, "_") {
			names = append(names, name)
		}
	}
	return names
}

func TestEveryPageParsesInEveryLocale(t *testing.T) {
	for _, page := range pageNames(t) {
		for _, locale := range Locales {
			if _, err := pages.get(page, locale); err != nil {
				t.Error(err)
			}
		}
	}
}

// inline is what a strict Content-Security-Policy refuses.
var inline = regexp.MustCompile(`(?i)<script(?:\s+(?:defer|async|type="[^"]*"))*\s*>|<style|\sstyle=|\son[a-z]+=|javascript:`)

func TestNoPageHasInlineScriptsOrStyles(t *testing.T) {
	found, err := fs.Glob(files, "pages/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range found {
		b, err := fs.ReadFile(files, path)
		if err != nil {
			t.Fatal(err)
		}
		if m := inline.Find(b); m != nil {
			t.Errorf("%s has %q", path, m)
		}
	}
}

// withPage adds a page for one test, beside those that stand in pages/.
func withPage(t *testing.T, name, locale, source string) {
	t.Helper()
	page := template.Must(template.New("layout.html").Funcs(pageFuncs(locale)).ParseFS(files, "pages/layout.html"))
	template.Must(page.New(name).Parse(source))
	pages.mu.Lock()
	defer pages.mu.Unlock()
	if pages.parsed == nil {
		pages.parsed = map[string]*template.Template{}
	}
	pages.parsed[name+"."+locale] = page
	t.Cleanup(func() {
		pages.mu.Lock()
		defer pages.mu.Unlock()
		delete(pages.parsed, name+"."+locale)
	})
}

// wrapped wraps a time as the database's type does.
type wrapped struct{ time.Time }

func TestAPageHasItsFunctionsInItsLocale(t *testing.T) {
	at := time.Date(2026, time.November, 23, 9, 30, 0, 0, time.FixedZone("EET", 2*3600))
	data := map[string]any{"At": at, "Wrapped": wrapped{at}, "None": time.Time{}, "Name": "Satu Maria Niemi", "Evil": `<script>"&`, "Status": template.HTML("ready")}
	for source, want := range map[string]string{
		`{{t "status.ready"}}`:                                       "Valmis",
		`{{t (print "status." .Status)}}`:                            "Valmis",
		`{{t "fault.password_short" "min" 8}}`:                       "Salasanassa on oltava vähintään 8 merkkiä.",
		`{{t "fault.password_short" (dict "min" 8)}}`:                "Salasanassa on oltava vähintään 8 merkkiä.",
		`{{t "fault.password_short" "min" .Evil}}`:                   "Salasanassa on oltava vähintään &lt;script&gt;&#34;&amp; merkkiä.",
		`{{has "status.ready"}} {{has "status.lost"}}`:               "true false",
		`{{date .At}} {{clock .At}} {{day .At}} {{moment .At}}`:      "23.11.2026 9.30 ma 23.11. ma 23.11. klo 9.30",
		`{{month .At}} {{clock .Wrapped}}[{{date .None}}]`:           "marraskuu 2026 9.30[]",
		`<time datetime="{{iso .At}}">{{ymd .At}}</time>`:            `<time datetime="2026-11-23T09:30:00&#43;02:00">2026-11-23</time>`,
		`{{money 12900 "EUR"}} {{minutes 90}}`:                       "129,00 € 1 h 30 min",
		`{{locale}} {{range locales}}{{.}},{{end}}`:                  "fi fi,sv,en,",
		`{{with dict "a" 1 "b" "x"}}{{.a}}{{.b}}{{end}}`:             "1x",
		`{{range list 1 2 3}}{{.}}{{end}}`:                           "123",
		`<i data-x="{{json (dict "a" .Evil)}}"></i>`:                 `<i data-x="{&#34;a&#34;:&#34;\u003cscript\u003e\&#34;\u0026&#34;}"></i>`,
		`{{initials .Name}} {{add 1 2}}`:                             "SN 3",
		`<link href="{{asset "favicon.svg"}}"><p>{{.Evil}}</p>`:      "&lt;script&gt;",
		`{{with .Missing}}never{{end}}{{if eq locale "fi"}}k{{end}}`: "k",
	} {
		t.Run(source, func(t *testing.T) {
			withPage(t, "example", "fi", `{{define "content"}}`+source+`{{end}}`)
			var b bytes.Buffer
			if err := Render(&b, "example", "fi", data); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(b.String(), want) {
				t.Errorf("no %s in:\n%s", want, b.String())
			}
			for _, must := range []string{"<!doctype html>", `<html lang="fi">`, `name="viewport"`, "/static/app.css?v=", `id="content"`, "</html>"} {
				if !strings.Contains(b.String(), must) {
					t.Errorf("the page has no %s", must)
				}
			}
		})
	}
}

func TestAPageFillsTheBlocksOfTheLayout(t *testing.T) {
	withPage(t, "example", "en", `{{define "title"}}Booking {{.}}{{end}}{{define "head"}}<meta name="robots" content="noindex">{{end}}{{define "nav"}}<nav>n</nav>{{end}}{{define "bodyclass"}}desk{{end}}{{define "content"}}c{{end}}`)
	var b bytes.Buffer
	if err := Render(&b, "example", "en", "<7>"); err != nil {
		t.Fatal(err)
	}
	for _, must := range []string{"<title>Booking &lt;7&gt; - Neuvo</title>", `content="noindex"`, "<nav>n</nav>", `<body class="desk">`} {
		if !strings.Contains(b.String(), must) {
			t.Errorf("no %s in:\n%s", must, b.String())
		}
	}
	b.Reset()
	if err := Fragment(&b, "example", "content", "en", nil); err != nil || b.String() != "c" {
		t.Errorf("the block alone is %q, %v", b.String(), err)
	}
}

func TestAFailingPageWritesNothing(t *testing.T) {
	withPage(t, "example", "fi", `{{define "content"}}begun {{.Gone}}{{end}}`)
	var b bytes.Buffer
	if err := Render(&b, "example", "fi", struct{ Here string }{}); err == nil || b.Len() > 0 {
		t.Errorf("wrote %d bytes, %v", b.Len(), err)
	}
	for _, name := range []string{"no_such_page", "layout", "_part", "../locales/fi", ""} {
		if err := Render(&b, name, "fi", nil); err == nil || b.Len() > 0 {
			t.Errorf("page %q: wrote %d bytes, %v", name, b.Len(), err)
		}
	}
	withPage(t, "whole", "fi", `{{define "content"}}x{{end}}`)
	if err := Render(brokenPipe{}, "whole", "fi", nil); !errors.Is(err, errBroken) {
		t.Errorf("a writer that fails gives %v", err)
	}
}

type brokenPipe struct{}

var errBroken = errors.New("broken pipe")

func (brokenPipe) Write([]byte) (int, error) { return 0, errBroken }

func TestStaticFilesHaveAddressesThatChangeWithTheirContent(t *testing.T) {
	url := Asset("app.css")
	if !regexp.MustCompile(`^/static/app\.css\?v=[0-9a-f]{12}$`).MatchString(url) || Asset("app.css") != url {
		t.Errorf("Asset gives %q", url)
	}
	if got := Asset("no-such-file.css"); got != "/static/no-such-file.css" {
		t.Errorf("a missing file is %q", got)
	}
	for _, name := range []string{"app.css", "mark.svg", "favicon.svg", "vendor/README.md",
		"vendor/htmx/htmx.min.js", "vendor/htmx/LICENSE", "vendor/htmx-ext-sse/sse.min.js", "vendor/htmx-ext-sse/LICENSE"} {
		if _, err := fs.Stat(Static(), name); err != nil {
			t.Error(err)
		}
	}
}

func TestTheStyleSheetIsSmallAndLoadsNothingFromElsewhere(t *testing.T) {
	css := styleSheet(t)
	if len(css) > 25_000 {
		t.Errorf("app.css has %d bytes, 25000 is the most", len(css))
	}
	if regexp.MustCompile(`url\(|@import|https?:`).MatchString(css) {
		t.Error("app.css loads something")
	}
	if strings.Count(css, "{") != strings.Count(css, "}") {
		t.Error("app.css has unbalanced braces")
	}
}

// TestColoursCanBeRead holds both schemes against WCAG 2.2: 4.5 for words
// (1.4.3), 3 for the edges of inputs and the focus ring (1.4.11).
func TestColoursCanBeRead(t *testing.T) {
	schemes := regexp.MustCompile(`(?s):root \{(.*?)\}`).FindAllStringSubmatch(styleSheet(t), -1)
	if len(schemes) != 2 {
		t.Fatalf("found %d schemes, want light and dark", len(schemes))
	}
	words := map[string][]string{
		"ground": {"ink", "soft", "brand", "brand-strong", "bad"}, "surface": {"ink", "soft", "brand", "brand-strong", "bad"},
		"sunken": {"ink", "soft", "bad"}, "brand": {"on-brand"}, "brand-strong": {"on-brand"}, "brand-soft": {"ink", "soft", "brand-strong"},
		"good-soft": {"ink", "good"}, "warn-soft": {"ink", "warn"}, "bad-soft": {"ink", "bad"}, "info-soft": {"ink", "info"}, "ink": {"ground"},
	}
	edges := map[string][]string{"ground": {"edge", "focus"}, "surface": {"edge", "focus", "brand"}}
	for _, scheme := range schemes {
		colour := map[string]string{}
		for _, m := range regexp.MustCompile(`--([\w-]+): (#[0-9a-f]+);`).FindAllStringSubmatch(scheme[1], -1) {
			colour[m[1]] = m[2]
		}
		for least, pairs := range map[float64]map[string][]string{4.5: words, 3: edges} {
			for _, under := range slices.Sorted(maps.Keys(pairs)) {
				for _, over := range pairs[under] {
					if c := contrast(t, colour[over], colour[under]); c < least {
						t.Errorf("%s %s on %s %s has a contrast of %.2f, want %.1f", over, colour[over], under, colour[under], c, least)
					}
				}
			}
		}
	}
}

func styleSheet(t *testing.T) string {
	t.Helper()
	b, err := fs.ReadFile(Static(), "app.css")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// contrast is the contrast ratio of two colours, WCAG 2.2.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	la, lb := luminance(t, a), luminance(t, b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	hex = strings.TrimPrefix(hex, "#")
	if len(hex) == 3 {
		hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
	}
	rgb, err := strconv.ParseUint(hex, 16, 32)
	if err != nil || len(hex) != 6 {
		t.Fatalf("colour %q: %v", hex, err)
	}
	channel := func(shift int) float64 {
		c := float64(rgb>>shift&0xff) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*channel(16) + 0.7152*channel(8) + 0.0722*channel(0)
}

func TestPagesAndTextsMayBeAskedForAtOnce(t *testing.T) {
	withPage(t, "example", "fi", `{{define "content"}}{{t "status.ready"}}{{asset "mark.svg"}}{{end}}`)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for _, page := range pageNames(t) {
				if _, err := pages.get(page, "sv"); err != nil {
					t.Error(err)
				}
			}
			if err := Render(io.Discard, "example", "fi", nil); err != nil {
				t.Error(err)
			}
			if _, err := Text("en", "ready", sample("en")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}
