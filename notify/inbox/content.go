package inbox

import (
	"bytes"
	"fmt"
	"path"
	"strings"

	"neuvo/notify"
)

// content is what a message's parts hold.
type content struct {
	plain []line // the text parts people see; from HTML where there are no others
	rich  []line // the HTML beside a plain text, for what its markup knows
	files []notify.Attachment
	parts []*node // of files

	report   string   // report-type of a multipart/report
	statuses []header // groups of message/delivery-status, RFC 3464 section 2.1
	returned []byte   // the message, or its fields, that a report gives back
	html     bool     // plain was made from HTML
	seen     []line   // the text parts so far
}

// readContent goes through the parts once.
func readContent(root *node) *content {
	c := &content{}
	if root.kind == "multipart/report" {
		c.report = strings.ToLower(root.params["report-type"])
	}
	plain, rich := c.walk(root, false)
	c.plain, c.rich = plain, rich
	if blank(c.plain) && !blank(c.rich) {
		c.plain, c.rich, c.html = c.rich, nil, true
	}
	return c
}

// walk collects a part's texts as people see them: of alternatives the plain
// one, beside it the HTML; everything else in its order.
func (c *content) walk(n *node, related bool) (plain, rich []line) {
	if !strings.HasPrefix(n.kind, "multipart/") {
		return c.leaf(n, related)
	}
	for i, child := range n.children {
		p, r := c.walk(child, n.kind == "multipart/related" && i > 0)
		switch {
		case n.kind == "multipart/alternative":
			if blank(plain) {
				plain = p
			}
			if !blank(r) {
				rich = r
			}
		case blank(p) && !blank(r):
			// HTML that has no plain twin is shown in its place.
			plain, rich = append(plain, r...), append(rich, r...)
		default:
			plain, rich = append(plain, p...), append(rich, r...)
		}
	}
	if n.kind == "multipart/alternative" && blank(plain) {
		return nil, rich
	}
	return plain, rich
}

func (c *content) leaf(n *node, related bool) (plain, rich []line) {
	switch n.kind {
	case "message/delivery-status", "message/global-delivery-status":
		c.statuses = append(c.statuses, statusGroups(n.bytes())...)
		return nil, nil
	case "message/disposition-notification", "message/global-disposition-notification":
		c.report = "disposition-notification"
		return nil, nil
	case "text/rfc822-headers", "message/global-headers":
		c.returned = n.bytes()
		return nil, nil
	case "message/rfc822", "message/global", "message/partial":
		if c.returned == nil {
			c.returned = n.bytes()
		}
		if c.report != "" {
			return nil, nil
		}
	case "text/html", "application/xhtml+xml":
		if n.disposition != "attachment" && !related {
			return nil, htmlLines(decodeHTML(n))
		}
	}
	if n.kind == "application/ms-tnef" || strings.EqualFold(n.name, "winmail.dat") {
		if packed, err := readTNEF(n.bytes()); err == nil {
			return c.unpack(packed)
		}
	}
	if n.isText() && !related {
		flowed := strings.EqualFold(n.params["format"], "flowed")
		text := decodeCharset(n.params["charset"], n.shown())
		plain = plainLines(text, flowed, flowed && strings.EqualFold(n.params["delsp"], "yes"))
		c.seen = append(c.seen, plain...)
		return plain, nil
	}
	c.addFile(n)
	return nil, nil
}

// isText tells a part that is shown as text: a text part that is neither an
// attachment nor a named file, nor of a kind made for programs.
func (n *node) isText() bool {
	if !strings.HasPrefix(n.kind, "text/") || n.disposition == "attachment" || n.kind == "text/html" {
		return false
	}
	switch n.kind {
	case "text/calendar", "text/vcard", "text/x-vcard", "text/directory", "text/csv", "text/xml", "text/x-amp-html", "text/watch-html":
		return false
	}
	return n.name == "" || (n.kind == "text/plain" && n.disposition != "attachment" && n.disposition != "inline")
}

func (n *node) bytes() []byte { return decodeTransfer(n.transfer, n.body) }

// shown is as much of a text part as can be shown: no transfer encoding takes
// more than three times the room, no charset more than four bytes a letter.
func (n *node) shown() []byte {
	return decodeTransfer(n.transfer, n.body[:min(len(n.body), 12*maxText)])
}

// decodeHTML finds the charset of HTML in the part's header or in its own meta
// element (HTML, section 4.2.5.4).
func decodeHTML(n *node) string {
	b := decodeTransfer(n.transfer, n.body[:min(len(n.body), 3*maxHTML)])
	b = b[:min(len(b), maxHTML)]
	label := n.params["charset"]
	if label == "" || strings.EqualFold(label, "us-ascii") {
		head := bytes.ToLower(b[:min(len(b), 2048)])
		if _, after, ok := bytes.Cut(head, []byte("charset=")); ok {
			after = bytes.TrimLeft(after, `"' `)
			if end := bytes.IndexAny(after, `"' />;`); end > 0 {
				label = string(after[:end])
			}
		}
	}
	return decodeCharset(label, b)
}

// maxFiles bounds the attachments that are listed.
const maxFiles = 200

// addFile lists an attachment.
func (c *content) addFile(n *node) {
	if len(c.files) >= maxFiles || len(bytes.TrimSpace(n.body)) == 0 {
		return
	}
	head := decodeTransfer(n.transfer, n.body[:min(len(n.body), 1024)])
	kind := typeOf(n.kind, head)
	name := fileName(n.name)
	if name == "" {
		name = nameFor(kind, len(c.files)+1)
	}
	size := n.size()
	c.files = append(c.files, notify.Attachment{Name: name, ContentType: kind, Size: size, Refused: refusal(name, head, size)})
	c.parts = append(c.parts, n)
}

// unpack takes texts and files out of a TNEF part. The plain text beside it says
// the same as the one inside, where there is one.
func (c *content) unpack(t tnef) (plain, rich []line) {
	for _, f := range t.files {
		c.addFile(f)
	}
	if t.html != "" {
		rich = htmlLines(t.html)
	}
	switch {
	case t.body != "":
		plain = plainLines(t.body, false, false)
	default:
		plain = rich
	}
	if !blank(c.seen) {
		return nil, rich
	}
	return plain, rich
}

// size is the length of the decoded bytes, counted without decoding.
func (n *node) size() int {
	if !strings.EqualFold(strings.TrimSpace(n.transfer), "base64") {
		return len(n.bytes())
	}
	digits := 0
	for _, b := range n.body {
		digits += boolInt(isBase64(b))
	}
	return digits * 3 / 4
}

// fileName makes a sender's file name safe to show and to save: the last
// element of a path, no control characters, of bounded length.
func fileName(name string) string {
	name = decodeHeader(name)
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.TrimLeft(strings.TrimSpace(name), ".")
	if len(name) > 150 {
		ext := path.Ext(name)
		if len(ext) > 10 {
			ext = ""
		}
		name = strings.ToValidUTF8(name[:140], "") + ext
	}
	return name
}

// extensions for parts without a name; the system's own table differs from
// machine to machine.
var extensions = map[string]string{
	"image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "image/webp": ".webp", "image/heic": ".heic",
	"application/pdf": ".pdf", "application/zip": ".zip", "video/mp4": ".mp4", "text/html": ".html", "text/plain": ".txt",
	"text/vcard": ".vcf", "text/csv": ".csv",
}

func nameFor(kind string, n int) string {
	switch kind {
	case "text/calendar":
		return "invite.ics"
	case "message/rfc822":
		return "message.eml"
	case "application/ms-tnef":
		return "winmail.dat"
	}
	return fmt.Sprintf("attachment-%d%s", n, extensions[kind])
}

func blank(lines []line) bool {
	for _, l := range lines {
		if strings.TrimSpace(l.text) != "" {
			return false
		}
	}
	return true
}
