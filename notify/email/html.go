package email

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/url"
	"regexp"
	"strings"

	"neuvo/notify"
	"neuvo/templates"
)

// page is a mail as HTML: no image, no script, nothing fetched from anywhere.
//
//go:embed mail.html
var pageSource string

var page = template.Must(template.New("mail").Parse(pageSource))

// block is a paragraph, with a button under it where a link ended it.
type block struct {
	Lines  []line
	Small  bool // the farewell: smaller, under a rule
	Button string
	Label  string
}

// line is a line of a paragraph in spans of text and links.
type line []span

type span struct{ Text, URL string }

// address finds web addresses in a text; what closes a sentence is not theirs.
var address = regexp.MustCompile(`https?://[^\s<>"]*[^\s<>".,:;!?)\]]`)

// farewell separates how to be rid of such mails from what the mail says.
const farewell = "\n\n-- \n"

// withFarewell adds to a text how to be rid of its kind, where that applies, as
// a signature after the usual separator (RFC 3676 section 4.3).
func withFarewell(text string, e notify.Envelope) string {
	leave := leaveURL(e)
	if leave == "" {
		return text
	}
	return strings.TrimRight(text, "\n") + farewell + templates.T(e.Locale, "mail.leave."+string(e.Purpose), nil) + " " + leave + "\n"
}

// asHTML writes the text of a mail as HTML: its paragraphs, its links as links,
// and a link that stands alone or ends a paragraph's line as a button.
func asHTML(text string, e notify.Envelope) (string, error) {
	body, last, parted := strings.Cut(text, farewell)
	label := templates.T(e.Locale, "mail.button."+e.Occasion, nil)
	if !templates.Has(e.Locale, "mail.button."+e.Occasion) {
		label = templates.T(e.Locale, "mail.button.open", nil)
	}
	blocks := blocksOf(body, label)
	if parted {
		blocks = append(blocks, block{Small: true, Lines: []line{wayOut(spansOf(strings.TrimSpace(last)))}})
	}
	var b bytes.Buffer
	err := page.Execute(&b, struct {
		Locale, Title string
		Blocks        []block
	}{e.Locale, oneLine(e.Title), blocks})
	if err != nil {
		return "", fmt.Errorf("write the mail as HTML: %w", err)
	}
	return b.String(), nil
}

// blocksOf cuts a text into paragraphs.
func blocksOf(text, label string) []block {
	var out []block
	var now block
	end := func() {
		if len(now.Lines) > 0 || now.Button != "" {
			out = append(out, now)
		}
		now = block{}
	}
	for raw := range strings.Lines(text) {
		words := strings.TrimSpace(raw)
		if words == "" {
			end()
			continue
		}
		found := address.FindStringIndex(words)
		if found == nil || found[1] != len(words) {
			now.Lines = append(now.Lines, spansOf(words))
			continue
		}
		if before := strings.TrimSpace(words[:found[0]]); before != "" {
			now.Lines = append(now.Lines, spansOf(before))
		}
		now.Button, now.Label = words[found[0]:], label
		end()
	}
	end()
	return out
}

// wayOut makes the question that asks whether somebody wants no more of a kind the
// link itself: a bare address of a random token tells a reader nothing.
func wayOut(l line) line {
	if len(l) != 2 || l[0].URL != "" || l[1].URL == "" {
		return l
	}
	return line{{Text: strings.TrimSpace(l[0].Text), URL: l[1].URL}}
}

// spansOf tells the links of a line from its words.
func spansOf(words string) line {
	var out line
	at := 0
	for _, found := range address.FindAllStringIndex(words, -1) {
		if u, err := url.Parse(words[found[0]:found[1]]); err != nil || u.Host == "" {
			continue
		}
		if found[0] > at {
			out = append(out, span{Text: words[at:found[0]]})
		}
		link := words[found[0]:found[1]]
		out = append(out, span{Text: link, URL: link})
		at = found[1]
	}
	if at < len(words) {
		out = append(out, span{Text: words[at:]})
	}
	return out
}
