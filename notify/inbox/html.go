package inbox

import (
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// mark is what the markup says of a line, where it says anything.
type mark byte

const (
	own       mark = iota
	quoted         // inside a quotation
	heading        // the attribution that stands over a quotation
	signature      // inside what the mail program calls the signature
	cut            // from here on everything is an older message
)

// line is one line of readable text.
type line struct {
	text string
	mark mark
}

// Bounds on the readable text of a message. What is beyond stays in the raw
// bytes; nobody reads half a megabyte of text.
const (
	maxText  = 512 << 10
	maxHTML  = 4 << 20
	maxStack = 2000
)

var blockElements = map[atom.Atom]bool{
	atom.P: true, atom.Div: true, atom.Tr: true, atom.Table: true, atom.Ul: true, atom.Ol: true,
	atom.Li: true, atom.H1: true, atom.H2: true, atom.H3: true, atom.H4: true, atom.H5: true,
	atom.H6: true, atom.Blockquote: true, atom.Pre: true, atom.Hr: true, atom.Section: true,
	atom.Article: true, atom.Header: true, atom.Footer: true, atom.Center: true, atom.Dl: true,
	atom.Dd: true, atom.Dt: true, atom.Address: true, atom.Form: true, atom.Body: true, atom.Caption: true,
}

var paragraphs = map[atom.Atom]bool{
	atom.P: true, atom.H1: true, atom.H2: true, atom.H3: true, atom.H4: true, atom.Ul: true, atom.Ol: true, atom.Blockquote: true,
}

var hidden = map[atom.Atom]bool{
	atom.Script: true, atom.Style: true, atom.Head: true, atom.Title: true, atom.Template: true, atom.Noscript: true,
}

var void = map[atom.Atom]bool{
	atom.Br: true, atom.Hr: true, atom.Img: true, atom.Meta: true, atom.Link: true, atom.Input: true,
	atom.Base: true, atom.Col: true, atom.Area: true, atom.Wbr: true, atom.Embed: true, atom.Source: true,
}

type element struct {
	atom atom.Atom
	mark mark
	hide bool
	pre  bool
}

// htmlReader turns HTML into lines, one token after the other: no tree, so that
// a million nested elements cost no more than a million letters.
type htmlReader struct {
	lines []line
	text  strings.Builder
	size  int
	space bool // a blank is due before the next word
	blank bool // an empty line is due before the next text
	stack []element
	cut   bool // a mark for "everything below is older" waits for its line
}

// htmlLines reads HTML as a person would see it, and keeps what the markup of
// the known mail programs tells of quotations and signatures.
func htmlLines(src string) []line {
	if len(src) > maxHTML {
		src = src[:maxHTML]
	}
	r := &htmlReader{stack: []element{{}}}
	z := html.NewTokenizer(strings.NewReader(src))
	z.SetMaxBuf(maxHTML)
	for r.size < maxText {
		switch z.Next() {
		case html.ErrorToken:
			r.endLine()
			return forwardedHeadings(r.lines)
		case html.TextToken:
			if top := r.top(); !top.hide {
				r.write(clean(html.UnescapeString(string(z.Raw()))), top.pre)
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			r.open(z.Token())
		case html.EndTagToken:
			name, _ := z.TagName()
			r.close(atom.Lookup(name))
		}
	}
	r.endLine()
	return forwardedHeadings(r.lines)
}

func (r *htmlReader) top() element { return r.stack[len(r.stack)-1] }

func (r *htmlReader) open(t html.Token) {
	if blockElements[t.DataAtom] {
		r.endLine()
		r.blank = r.blank || paragraphs[t.DataAtom]
	}
	switch t.DataAtom {
	case atom.Br:
		r.breakLine()
	case atom.Li:
		r.write("- ", true)
	case atom.Td, atom.Th:
		r.space = r.space || r.text.Len() > 0
	}
	m := markOf(t)
	if m == cut {
		r.endLine()
		r.cut = true
	}
	if t.Type == html.SelfClosingTagToken || void[t.DataAtom] {
		return
	}
	e := r.top()
	e.atom = t.DataAtom
	e.hide = e.hide || hidden[t.DataAtom] || unseen(t)
	e.pre = e.pre || t.DataAtom == atom.Pre
	if m != own && m != cut && e.mark != quoted {
		r.endLine()
		e.mark = m
	}
	if len(r.stack) < maxStack {
		r.stack = append(r.stack, e)
	}
}

func (r *htmlReader) close(a atom.Atom) {
	if blockElements[a] {
		r.endLine()
		r.blank = r.blank || paragraphs[a]
	}
	// Badly nested elements are looked for a little way up only.
	for i := len(r.stack) - 1; i > 0 && i > len(r.stack)-50; i-- {
		if r.stack[i].atom == a {
			if r.stack[i].mark != r.stack[i-1].mark {
				r.endLine()
			}
			r.stack = r.stack[:i]
			return
		}
	}
}

func (r *htmlReader) write(s string, pre bool) {
	if pre {
		for i, part := range strings.Split(s, "\n") {
			if i > 0 {
				r.breakLine()
			}
			r.word(part)
		}
		return
	}
	words := strings.Fields(s)
	if len(words) == 0 {
		r.space = r.space || (s != "" && r.text.Len() > 0)
		return
	}
	if strings.ContainsAny(s[:1], " \t\n") {
		r.space = true
	}
	for i, w := range words {
		r.space = r.space || i > 0
		r.word(w)
	}
	r.space = strings.ContainsAny(s[len(s)-1:], " \t\n")
}

func (r *htmlReader) word(w string) {
	if w == "" {
		return
	}
	if r.space && r.text.Len() > 0 && !strings.HasSuffix(r.text.String(), " ") {
		r.text.WriteByte(' ')
	}
	r.space = false
	r.text.WriteString(w)
	r.size += len(w) + 1
}

// endLine ends a line that has something on it.
func (r *htmlReader) endLine() {
	if strings.TrimSpace(r.text.String()) != "" {
		r.breakLine()
	}
	r.text.Reset()
	r.space = false
}

func (r *htmlReader) breakLine() {
	m := r.top().mark
	text := strings.TrimRight(r.text.String(), " \t")
	r.text.Reset()
	r.space = false
	r.size++
	if text != "" {
		if r.blank && len(r.lines) > 0 && r.lines[len(r.lines)-1].text != "" {
			r.lines = append(r.lines, line{mark: m})
		}
		r.blank = false
		if r.cut && m == own {
			r.cut, m = false, cut
		}
	}
	r.lines = append(r.lines, line{text, m})
}

// unseen tells an element that is not shown: newsletters hide a first line.
func unseen(t html.Token) bool {
	for _, a := range t.Attr {
		if a.Key == "style" && len(a.Val) < 2000 {
			style := strings.ToLower(strings.ReplaceAll(a.Val, " ", ""))
			return strings.Contains(style, "display:none") || strings.Contains(style, "mso-hide:all")
		}
	}
	return false
}

// markOf knows the elements by which mail programs set off what is not the new
// message. Outlook on the web prefixes every class and id of a quoted message
// with "x_".
func markOf(t html.Token) mark {
	var id, class, kind, style, name string
	for _, a := range t.Attr {
		switch a.Key {
		case "id":
			id = strings.ToLower(strings.TrimPrefix(a.Val, "x_"))
		case "class":
			class = " " + strings.ToLower(strings.ReplaceAll(a.Val, "x_", "")) + " "
		case "type":
			kind = a.Val
		case "name":
			name = strings.ToLower(a.Val)
		case "style":
			style = strings.ToLower(strings.ReplaceAll(a.Val[:min(len(a.Val), 1000)], " ", ""))
		}
	}
	has := func(names ...string) bool {
		for _, n := range names {
			if strings.Contains(class, " "+n+" ") {
				return true
			}
		}
		return false
	}
	switch {
	case has("gmail_attr", "moz-cite-prefix"):
		return heading
	case t.DataAtom == atom.Blockquote, kind == "cite", has("yahoo_quoted", "protonmail_quote", "zmail_extra", "tutanota_quote", "moz-email-headers-table-quoted"):
		return quoted
	case strings.HasPrefix(id, "yahoo_quoted"), strings.HasPrefix(id, "yiv") && strings.HasSuffix(id, "quoted"):
		return quoted
	case name == "messagesignaturesection":
		return signature
	case name == "quote" && t.DataAtom == atom.Div, name == "messagereplysection", t.DataAtom == atom.Div && barred.MatchString(style):
		return quoted
	// Word sets the fields of the older message off with a line above, whatever
	// the language.
	case t.DataAtom == atom.Div && strings.HasPrefix(style, "border:none;border-top:solid") && strings.Contains(style, "padding:3.0pt0"):
		return cut
	case id == "divrplyfwdmsg", id == "appendonsend", id == "olk_src_body_section", id == "mail-editor-reference-message-container",
		has("ms-outlook-mobile-reference-message", "outlookmessageheader", "mail-editor-reference-message-container"):
		return cut
	case has("gmail_signature", "moz-signature", "yahoo-signature", "protonmail_signature_block", "tutanota_signature"),
		id == "signature", id == "composer_signature", id == "applemailsignature", id == "ymail_android_signature",
		id == "ms-outlook-mobile-signature", id == "gmail_signature", strings.HasPrefix(id, "ms-outlook-mobile-body-separator"):
		return signature
	}
	return own
}

// barred is the style of a block with a bar on its left, as programs draw a
// quotation that they mark by nothing else.
var barred = regexp.MustCompile(`border-left:([^;]*\bsolid\b|solid)[^;]*;?.*padding|padding.*border-left:[^;]*solid`)

// forwardedHeadings takes the mark from headings that stand over a forwarded
// message and not over a quotation: Gmail marks both alike.
func forwardedHeadings(lines []line) []line {
	for i := 0; i < len(lines); {
		if lines[i].mark != heading {
			i++
			continue
		}
		end, forward := i, false
		for end < len(lines) && lines[end].mark == heading {
			forward = forward || isForwardSeparator(lines[end].text)
			end++
		}
		for ; i < end; i++ {
			if forward {
				lines[i].mark = own
			}
		}
	}
	return lines
}
