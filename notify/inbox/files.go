package inbox

import (
	"bytes"
	"errors"
	"net/http"
	"path"
	"slices"
	"strings"

	"neuvo/notify"
)

// maxFileBytes of one attachment are handed out; a larger one is only named.
const maxFileBytes = 25 << 20

// ErrNoFile says that a message has no such attachment, or none that is handed out.
var ErrNoFile = errors.New("the message has no such file")

// programs are file names that a click may run, on some system.
var programs = []string{
	".exe", ".com", ".scr", ".pif", ".bat", ".cmd", ".msi", ".msp", ".js", ".jse", ".vbs", ".vbe", ".wsf", ".wsh", ".hta",
	".ps1", ".psm1", ".jar", ".lnk", ".url", ".reg", ".cpl", ".dll", ".iso", ".img", ".app", ".command", ".sh", ".apk", ".chm",
	".scf", ".application", ".docm", ".xlsm", ".pptm", ".xll", ".one", ".vhd", ".vhdx", ".desktop",
}

// magic are the first bytes of programs, whatever their name.
var magic = [][]byte{[]byte("MZ"), []byte("\x7fELF"), []byte("#!/"), []byte("\xcf\xfa\xed\xfe"), []byte("\xca\xfe\xba\xbe")}

// refusal tells why an attachment is not handed out, "" where it is.
func refusal(name string, head []byte, size int) string {
	switch {
	case size > maxFileBytes:
		return notify.FileTooLarge
	case slices.Contains(programs, strings.ToLower(path.Ext(strings.TrimRight(name, ". ")))),
		slices.ContainsFunc(magic, func(m []byte) bool { return bytes.HasPrefix(head, m) }):
		return notify.FileDangerous
	}
	return ""
}

// wellKnown are pictures whose first bytes are always told.
var wellKnown = []string{"image/jpeg", "image/png", "image/gif", "image/webp"}

// typeOf is a file's type: what its first bytes say where the sender's word is
// empty, too general or made to look harmless.
func typeOf(kind string, head []byte) string {
	seen, _, _ := strings.Cut(http.DetectContentType(head), ";")
	if slices.Contains(wellKnown, kind) && !strings.HasPrefix(seen, "image/") {
		return seen
	}
	general := kind == "application/octet-stream" || kind == "application/binary"
	if seen != "application/octet-stream" && (general && seen != "text/plain" || seen == "text/html" ||
		strings.HasPrefix(kind, "image/") && kind != "image/svg+xml" && !strings.HasPrefix(seen, "image/")) {
		return seen
	}
	return kind
}

// File takes an attachment out of a message, by its position from 1 as Parse lists
// it. The error is ErrNoFile where there is none, or it is refused.
func File(raw []byte, position int) (notify.Attachment, []byte, error) {
	raw = normalise(raw)
	h, body := splitMessage(raw)
	root, _ := readTree(h, raw, body)
	c := readContent(root)
	if position < 1 || position > len(c.files) || c.files[position-1].Refused != "" {
		return notify.Attachment{}, nil, ErrNoFile
	}
	return c.files[position-1], c.parts[position-1].bytes(), nil
}

// Content is the bytes of an attachment, as File takes it out.
func Content(raw []byte, position int) ([]byte, error) {
	_, content, err := File(raw, position)
	return content, err
}

// Whole is all readable text of a message, quotations and signature with it.
func Whole(raw []byte, opt ParseOptions) string {
	p, err := Parse(raw, opt)
	if err != nil && p.Text == "" {
		return p.Subject
	}
	return p.Text
}
