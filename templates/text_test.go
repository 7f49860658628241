package templates

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/bits"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// sample is a visit with everything known, as a real one would be.
func sample(locale string) TextData { return Example(locale, true) }

// barber is a visit without a vehicle, a list to bring or an estimate.
func barber(locale string) TextData {
	d := Example(locale, false)
	d.Workshop = "Parturi Pekka"
	return d
}

// bare is the least a caller can give.
func bare(locale string) TextData {
	d := sample(locale)
	return TextData{Date: d.Date, Time: d.Time, Day: d.Day, Scale: "0-10", Note: d.Note}
}

func everyText(t *testing.T, f func(t *testing.T, locale, occasion, name string, d TextData)) {
	for _, locale := range Locales {
		for _, occasion := range Occasions {
			for name, make := range map[string]func(string) TextData{"with vehicle": sample, "without vehicle": barber, "bare": bare} {
				t.Run(fmt.Sprintf("%s in %s %s", occasion, locale, name), func(t *testing.T) {
					f(t, locale, occasion, name, make(locale))
				})
			}
		}
	}
}

func TestEveryTextReadsWellWithAndWithoutItsParts(t *testing.T) {
	everyText(t, func(t *testing.T, locale, occasion, _ string, d TextData) {
		text, err := Text(locale, occasion, d)
		if err != nil {
			t.Fatal(err)
		}
		readsWell(t, text)
		title, body, err := Mail(locale, occasion, d)
		if err != nil {
			t.Fatal(err)
		}
		readsWell(t, title)
		readsWell(t, body)
		if strings.ContainsAny(title, "\r\n{}") || strings.HasPrefix(title, "mail.") {
			t.Errorf("title %q is not a title", title)
		}
		if d.Advisor != "" && !(strings.Contains(text, d.Advisor) && strings.Contains(text, d.Workshop) && strings.Contains(body, d.Advisor)) {
			t.Errorf("not signed by %s of %s:\n%s\n%s", d.Advisor, d.Workshop, text, body)
		}
	})
}

// TestEveryTextReadsWellWithoutAnyOfItsParts leaves out the optional parts: each
// alone, each pair, all, and all but one. None may leave a hole.
func TestEveryTextReadsWellWithoutAnyOfItsParts(t *testing.T) {
	optional := []func(*TextData){
		func(d *TextData) { d.Advisor = "" },
		func(d *TextData) { d.Workshop = "" },
		func(d *TextData) { d.Customer = "" },
		func(d *TextData) { d.Vehicle = "" },
		func(d *TextData) { d.Service = "" },
		func(d *TextData) { d.Link = "" },
		func(d *TextData) { d.ReadyBy, d.Due = "", "" },
		func(d *TextData) { d.Bring = nil },
		func(d *TextData) { d.Reference, d.Address, d.WorkshopPhone = "", "", "" },
	}
	for _, locale := range Locales {
		for _, occasion := range Occasions {
			for missing := range uint(1) << len(optional) {
				if n := bits.OnesCount(missing); n > 2 && n < len(optional)-1 {
					continue
				}
				d := sample(locale)
				for i, leaveOut := range optional {
					if missing&(1<<i) != 0 {
						leaveOut(&d)
					}
				}
				text, err := Text(locale, occasion, d)
				if err != nil {
					t.Fatal(err)
				}
				_, body, err := Mail(locale, occasion, d)
				if err != nil {
					t.Fatal(err)
				}
				if !readsWell(t, text) || !readsWell(t, body) {
					t.Fatalf("%s in %s without %b", occasion, locale, missing)
				}
			}
		}
	}
}

// holes is what a missing part leaves behind in a careless template.
var holes = regexp.MustCompile(`  | [.,:;!?)]|\( |\(\)|<no value>|\{\{|\}\}|[.,:][.,:!?]|: ?$|: ?\n[^\n]*: |,\n|,$| \n|\n |\n\n\n|%!`)

func readsWell(t *testing.T, s string) bool {
	t.Helper()
	// The greeting of a letter and its closing may end in a comma; a list
	// follows its heading, and a Finnish or Swedish day ends in a full stop of
	// its own.
	plain := regexp.MustCompile(`\d\.[,:]`).ReplaceAllString(s, "0,")
	plain = strings.ReplaceAll(plain, "Best wishes,\n", "Best wishes\n")
	plain = regexp.MustCompile(`:\n(- |https:)`).ReplaceAllString(plain, "\n$1")
	plain = regexp.MustCompile(`(?m)^\pL+: `).ReplaceAllString(plain, "")
	if hole := holes.FindString(plain); hole != "" || strings.TrimSpace(s) != s || s == "" {
		t.Errorf("hole %q in:\n%s", hole, s)
		return false
	}
	return true
}

// gsm7 is the default alphabet of 3GPP TS 23.038 section 6.2.1 and its
// extension table, whose characters cost two.
const (
	gsm7    = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsm7Ext = "^{}\\[~]|€"
)

// septets is the length of a text in GSM-7; ok is false where a character is
// not in it.
func septets(text string) (n int, ok bool) {
	for _, r := range text {
		switch {
		case strings.ContainsRune(gsm7, r):
			n++
		case strings.ContainsRune(gsm7Ext, r):
			n += 2
		default:
			return 0, false
		}
	}
	return n, true
}

func TestEveryTextFitsTwoPartsOfPlainSMS(t *testing.T) {
	everyText(t, func(t *testing.T, locale, occasion, _ string, d TextData) {
		text, err := Text(locale, occasion, d)
		if err != nil {
			t.Fatal(err)
		}
		n, ok := septets(text)
		if !ok {
			t.Errorf("a character outside GSM-7 in:\n%s", text)
		}
		if n > 306 { // 2 parts of 153, TS 23.040 section 9.2.3.24
			t.Errorf("%d characters, two parts hold 306:\n%s", n, text)
		}
	})
}

// unkind is what no text may say: the customer can simply answer.
var unkind = regexp.MustCompile(`(?i)no.?reply|do not reply|älä vastaa|svara inte|ota yhteyttä|contact us|kontakta oss|call us|soita meille|ring oss`)

func TestNoTextSendsTheCustomerElsewhere(t *testing.T) {
	for _, dir := range []string{"texts", "mails"} {
		err := fs.WalkDir(files, dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			b, err := fs.ReadFile(files, path)
			if err != nil {
				return err
			}
			if said := unkind.FindString(string(b)); said != "" {
				t.Errorf("%s says %q", path, said)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestTextsAndMailsMatchTheirGoldenFiles(t *testing.T) {
	for _, locale := range Locales {
		for _, occasion := range Occasions {
			var b strings.Builder
			for _, variant := range []struct {
				name string
				d    TextData
			}{{"with vehicle", sample(locale)}, {"without vehicle", barber(locale)}, {"bare", bare(locale)}} {
				text, err := Text(locale, occasion, variant.d)
				if err != nil {
					t.Fatal(err)
				}
				title, body, err := Mail(locale, occasion, variant.d)
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&b, "=== text, %s\n%s\n\n=== mail, %s\nSubject: %s\n\n%s\n\n", variant.name, text, variant.name, title, body)
			}
			golden(t, "texts/"+occasion+"."+locale+".txt", b.String())
		}
	}
}

// golden holds got against testdata/golden/<name>; -update writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-golden +now), run go test ./templates -update if it should:\n%s", path, diff)
	}
}

func TestEveryFileBelongsToAnOccasionAndExistsInEveryLocale(t *testing.T) {
	for _, dir := range []string{"texts", "mails"} {
		count := map[string]int{}
		names, err := fs.Glob(files, dir+"/*")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			parts := strings.Split(strings.TrimPrefix(name, dir+"/"), ".")
			if len(parts) != 3 || parts[2] != "txt" || !slices.Contains(Locales, parts[1]) {
				t.Errorf("%s is not <occasion>.<locale>.txt", name)
				continue
			}
			if !slices.Contains(Occasions, parts[0]) {
				t.Errorf("%s is no occasion's", name)
			}
			count[parts[0]]++
		}
		for occasion, n := range count {
			if n != len(Locales) {
				t.Errorf("%s/%s is in %d of %d locales", dir, occasion, n, len(Locales))
			}
		}
	}
}

func TestAnUnknownOccasionIsAnError(t *testing.T) {
	if _, err := Text("fi", "birthday", TextData{}); err == nil {
		t.Error("a text for an unknown occasion")
	}
	if _, _, err := Mail("fi", "birthday", TextData{}); err == nil {
		t.Error("an e-mail for an unknown occasion")
	}
	if _, err := os.Stat("texts/birthday.fi.txt"); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
}

func TestTheAdvisorsOwnWordsStayAsTheyWere(t *testing.T) {
	d := sample("fi")
	d.Note = "  Rivi  yksi\n\n\n   {{.Advisor}} <b>kaksi</b>  "
	text, err := Text("fi", "advisor", d)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(text, "Rivi  yksi\n\n\n   {{.Advisor}} <b>kaksi</b>\nTerveisin Satu") {
		t.Errorf("the note was changed:\n%s", text)
	}
}

func TestAMailTitleIsOneLineWhateverIsInIt(t *testing.T) {
	d := sample("en")
	d.Vehicle = "ABC-123\r\nBcc: everybody@example.com"
	for _, occasion := range Occasions {
		title, _, err := Mail("en", occasion, d)
		if err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(title, "\r\n") {
			t.Errorf("%s: title %q", occasion, title)
		}
	}
}
