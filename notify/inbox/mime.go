package inbox

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/emersion/go-message/textproto"
	"github.com/jhillyerd/enmime/v2"
)

// Bounds on the tree of parts. A message beyond them is read as far as they
// reach: parts nested or repeated by the thousand are made to hurt.
const (
	maxParts = 1000
	maxDepth = 12
	// enmimeBytes is the size up to which enmime, which understands more but
	// looks at every byte once per level, reads a message; larger ones are read
	// by go-message, which searches for the boundary.
	enmimeBytes = 8 << 20
	// enmimeLines bounds the possible boundary lines that enmime is given.
	enmimeLines  = 4000
	enmimeLevels = 20
)

// node is a part of a message: its type, where it says it belongs, and its
// bytes as they were sent.
type node struct {
	kind        string
	params      map[string]string
	disposition string
	name        string
	transfer    string
	contentID   string
	body        []byte
	children    []*node
}

// readTree reads the parts of a message: with enmime, where that fails or the
// message is large or hostile with go-message, and where that finds nothing
// either, as one text. how names the reader, for tests and logs.
func readTree(h header, raw, body []byte) (root *node, how string) {
	root = newNode(h.get("content-type"), h.get("content-disposition"), h.get("content-transfer-encoding"), h.get("content-id"))
	if !strings.HasPrefix(root.kind, "multipart/") {
		root.body = body
		return root, "single"
	}
	boundary := root.params["boundary"]
	if boundary == "" || !bytes.Contains(body, []byte("--"+boundary)) {
		if boundary = guessBoundary(body); boundary == "" {
			return &node{kind: "text/plain", params: root.params, transfer: root.transfer, body: body}, "no boundary"
		}
		root.params["boundary"] = boundary
	} else if friendly(raw) {
		if parts, err := enmimeTree(raw); err == nil && hasLeaf(parts) {
			return parts, "enmime"
		}
	}
	budget := maxParts
	messageTree(root, bytes.NewReader(body), 0, &budget)
	if !hasLeaf(root) {
		return &node{kind: "text/plain", params: map[string]string{}, body: body}, "raw"
	}
	return root, "go-message"
}

// typeName is type "/" subtype, tokens of RFC 2045 section 5.1.
var typeName = regexp.MustCompile("^[a-z0-9!#$%&'*+.^_`{|}~-]{1,100}/[a-z0-9!#$%&'*+.^_`{|}~-]{1,100}$")

func newNode(contentType, disposition, transfer, contentID string) *node {
	n := &node{transfer: transfer, contentID: strings.Trim(contentID, "<> ")}
	n.kind, n.params = mediaType(contentType)
	if !typeName.MatchString(n.kind) { // RFC 2045 section 5.2: what cannot be read is plain text
		n.kind = "text/plain"
	}
	kind, params := mediaType(disposition)
	n.disposition = kind
	if n.name = params["filename"]; n.name == "" {
		n.name = n.params["name"]
	}
	return n
}

// friendly tells whether enmime may read a message: not too large, and few
// enough lines that could be boundaries.
func friendly(raw []byte) bool {
	if len(raw) > enmimeBytes {
		return false
	}
	lower := bytes.ToLower(raw)
	return bytes.Count(raw, []byte("\n--")) < enmimeLines && bytes.Count(lower, []byte("boundary")) < enmimeLevels
}

// enmimeTree reads with enmime. It is told to leave the bytes alone: transfer
// encodings and charsets are decoded here, where lies and leftovers are mended.
func enmimeTree(raw []byte) (root *node, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("reader panicked: %v", p)
		}
	}()
	parser := enmime.NewParser(
		enmime.RawContent(true), enmime.SkipMalformedParts(true), enmime.DisableTextConversion(true),
		enmime.MultipartWOBoundaryAsSinglePart(true), enmime.MaxStoredPartErrors(20),
		enmime.SetReadPartErrorPolicy(func(*enmime.Part, error) bool { return true }),
		enmime.SetCustomParseMediaType(func(s string) (string, map[string]string, []string, error) {
			kind, params := mediaType(s)
			return kind, params, nil, nil
		}),
	)
	part, err := parser.ReadParts(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("read parts: %w", err)
	}
	budget := maxParts
	return fromEnmime(part, 0, &budget), nil
}

func fromEnmime(p *enmime.Part, depth int, budget *int) *node {
	// Part.Header keys are canonical; values are as they were sent.
	n := newNode(p.Header.Get("Content-Type"), p.Header.Get("Content-Disposition"),
		p.Header.Get("Content-Transfer-Encoding"), p.Header.Get("Content-Id"))
	n.body = p.Content
	for c := p.FirstChild; c != nil && *budget > 0 && depth < maxDepth; c = c.NextSibling {
		*budget--
		n.children = append(n.children, fromEnmime(c, depth+1, budget))
	}
	return n
}

// messageTree reads with go-message's multipart reader, which streams, so that
// the bounds hold while it reads.
func messageTree(n *node, body io.Reader, depth int, budget *int) {
	defer func() { _ = recover() }() // what was read so far stays
	parts := textproto.NewMultipartReader(body, n.params["boundary"])
	for *budget > 0 {
		*budget--
		p, err := parts.NextPart()
		if err != nil {
			return
		}
		h := p.Header
		child := newNode(h.Get("Content-Type"), h.Get("Content-Disposition"), h.Get("Content-Transfer-Encoding"), h.Get("Content-Id"))
		n.children = append(n.children, child)
		if strings.HasPrefix(child.kind, "multipart/") && depth < maxDepth {
			messageTree(child, p, depth+1, budget)
			continue
		}
		child.body, err = io.ReadAll(p)
		if err != nil {
			return
		}
	}
}

// hasLeaf tells whether a tree has any part with something in it.
func hasLeaf(n *node) bool {
	if n == nil {
		return false
	}
	if len(bytes.TrimSpace(n.body)) > 0 && !strings.HasPrefix(n.kind, "multipart/") {
		return true
	}
	for _, c := range n.children {
		if hasLeaf(c) {
			return true
		}
	}
	return false
}

var boundaryLine = regexp.MustCompile(`^--(\S.{0,120}\S|\S)\s*$`)

// guessBoundary finds the boundary that the header forgot or misnamed: the
// first line "--X" that fields of a part follow.
func guessBoundary(body []byte) string {
	lines := bufio.NewScanner(bytes.NewReader(body[:min(len(body), 256<<10)]))
	lines.Buffer(nil, 256<<10)
	candidate := ""
	for lines.Scan() {
		if candidate != "" && strings.HasPrefix(strings.ToLower(lines.Text()), "content-") {
			return candidate
		}
		candidate = ""
		if m := boundaryLine.FindStringSubmatch(strings.TrimRight(lines.Text(), "\r")); m != nil {
			candidate = m[1]
		}
	}
	return ""
}
