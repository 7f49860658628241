package inbox

import (
	"encoding/binary"
	"errors"
	"strings"
	"unicode/utf16"
)

// TNEF is what Outlook packs a message into for other Outlooks ("winmail.dat",
// [MS-OXTNEF]). Its texts and files are taken out; everything else stays packed.

// Attributes and properties that are read ([MS-OXTNEF] section 2.1.3, [MS-OXPROPS]).
const (
	tnefSignature = 0x223e9f78
	tnefBody      = 0x800c // attBody
	tnefData      = 0x800f // attAttachData
	tnefTitle     = 0x8010 // attAttachTitle
	tnefBegin     = 0x9002 // attAttachRendData: another file begins
	tnefProps     = 0x9003 // attMsgProps
	tnefFileProps = 0x9005 // attAttachment

	propBody     = 0x1000
	propHTML     = 0x1013
	propLongName = 0x3707
	propMIMETag  = 0x370e
)

// Bounds on what one packed message may hold.
const (
	maxTNEFFiles = 100
	maxTNEFProps = 2000
)

// tnef is what was packed.
type tnef struct {
	body, html string
	files      []*node
}

var errTNEF = errors.New("it is no TNEF")

// readTNEF unpacks as far as the bytes hold; the error is for what is no TNEF or
// holds nothing that is read.
func readTNEF(b []byte) (t tnef, err error) {
	if len(b) < 6 || binary.LittleEndian.Uint32(b) != tnefSignature {
		return t, errTNEF
	}
	// Signature and key, then level, attribute with type, length, data, checksum.
	for b = b[6:]; len(b) >= 11; {
		attribute, size := int(binary.LittleEndian.Uint16(b[1:])), int64(binary.LittleEndian.Uint32(b[5:]))
		if b = b[9:]; size+2 > int64(len(b)) {
			break
		}
		t.take(attribute, b[:size])
		b = b[size+2:]
	}
	if t.body == "" && t.html == "" && len(t.files) == 0 {
		return t, errTNEF
	}
	return t, nil
}

func (t *tnef) take(attribute int, data []byte) {
	var file *node
	if len(t.files) > 0 {
		file = t.files[len(t.files)-1]
	}
	switch attribute {
	case tnefBody:
		t.body = decodeCharset("", []byte(strings.TrimRight(string(data), "\x00")))
	case tnefProps:
		for id, p := range mapiProps(data) {
			switch id {
			case propBody:
				t.body = p.text()
			case propHTML:
				t.html = decodeCharset("", p.data[:min(len(p.data), maxHTML)])
			}
		}
	case tnefBegin:
		if len(t.files) < maxTNEFFiles {
			t.files = append(t.files, &node{kind: "application/octet-stream", disposition: "attachment"})
		}
	case tnefData:
		if file != nil {
			file.body = data
		}
	case tnefTitle:
		if file != nil && file.name == "" {
			file.name = decodeCharset("", []byte(strings.TrimRight(string(data), "\x00")))
		}
	case tnefFileProps:
		if file == nil {
			return
		}
		props := mapiProps(data)
		if p, ok := props[propLongName]; ok && p.text() != "" {
			file.name = p.text()
		}
		if p, ok := props[propMIMETag]; ok && typeName.MatchString(strings.ToLower(p.text())) {
			file.kind = strings.ToLower(p.text())
		}
	}
}

// mapiProp is a property's value.
type mapiProp struct {
	wide bool // UTF-16
	data []byte
}

func (p mapiProp) text() string {
	if !p.wide {
		return decodeCharset("", []byte(strings.TrimRight(string(p.data), "\x00")))
	}
	units := make([]uint16, len(p.data)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(p.data[2*i:])
	}
	return clean(strings.TrimRight(string(utf16.Decode(units)), "\x00"))
}

// mapiProps reads a list of properties ([MS-OXTNEF] section 2.1.3.4) as far as it
// can be read. Of several values the first is kept.
func mapiProps(b []byte) map[int]mapiProp {
	props := map[int]mapiProp{}
	r := &tnefReader{b: b}
	for range min(r.long(), maxTNEFProps) {
		kind, id := r.short(), r.short()
		if id >= 0x8000 { // named: a GUID, then a number or a name
			r.skip(16)
			if r.long() == 0 {
				r.skip(4)
			} else {
				r.padded(r.long())
			}
		}
		several := kind&0x1000 != 0
		kind &= 0x0fff
		count, size := 1, fixedSize(kind)
		if several || size == 0 {
			count = r.long()
		}
		for i := 0; i < count && !r.over; i++ {
			n := size
			if size == 0 {
				n = r.long()
			}
			data := r.padded(n)
			if _, have := props[id]; !have && !r.over {
				props[id] = mapiProp{wide: kind == 0x1f, data: data}
			}
		}
		if r.over {
			break
		}
	}
	return props
}

// fixedSize is the length of a property's value by its type, padding included; 0
// where the length stands before the value.
func fixedSize(kind int) int {
	switch kind {
	case 0x02, 0x03, 0x04, 0x0a, 0x0b:
		return 4
	case 0x05, 0x06, 0x07, 0x14, 0x40:
		return 8
	case 0x48:
		return 16
	}
	return 0
}

// tnefReader reads little-endian values and never beyond the end.
type tnefReader struct {
	b    []byte
	over bool
}

func (r *tnefReader) skip(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.over, r.b = true, nil
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

// padded reads n bytes that are filled up to a multiple of four.
func (r *tnefReader) padded(n int) []byte {
	out := r.skip(n)
	if pad := -n & 3; !r.over && pad > 0 {
		r.skip(min(pad, len(r.b)))
	}
	return out
}

func (r *tnefReader) short() int {
	if b := r.skip(2); b != nil {
		return int(binary.LittleEndian.Uint16(b))
	}
	return 0
}

func (r *tnefReader) long() int {
	if b := r.skip(4); b != nil {
		return int(binary.LittleEndian.Uint32(b))
	}
	return 0
}
