package booking

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// orientation reads how a JPEG's camera was held: 1 to 8 (CIPA DC-008, tag
// 0x0112), 1 where nothing says so.
func orientation(raw []byte) int {
	for at := 2; at+4 <= len(raw) && raw[at] == 0xff; {
		marker := raw[at+1]
		if marker == 0xda { // the picture itself begins
			return 1
		}
		size := int(binary.BigEndian.Uint16(raw[at+2:]))
		if size < 2 || at+2+size > len(raw) {
			return 1
		}
		body := raw[at+4 : at+2+size]
		if exif, ok := bytes.CutPrefix(body, []byte("Exif\x00\x00")); ok && marker == 0xe1 {
			return tiffOrientation(exif)
		}
		at += 2 + size
	}
	return 1
}

// tiffOrientation reads the tag out of the first directory of a TIFF (6.0,
// section 2), which is what Exif is.
func tiffOrientation(b []byte) int {
	if len(b) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.LittleEndian
	if string(b[:2]) == "MM" {
		order = binary.BigEndian
	}
	at := uint64(order.Uint32(b[4:]))
	if at+2 > uint64(len(b)) {
		return 1
	}
	n := uint64(order.Uint16(b[at:]))
	for i := range n {
		entry := at + 2 + 12*i
		if entry+12 > uint64(len(b)) {
			return 1
		}
		if order.Uint16(b[entry:]) == 0x0112 {
			if v := int(order.Uint16(b[entry+8:])); v >= 1 && v <= 8 {
				return v
			}
			return 1
		}
	}
	return 1
}

// isWebP tells a WebP by its first bytes (RFC 9649 section 2.4).
func isWebP(raw []byte) bool {
	return len(raw) >= 16 && string(raw[:4]) == "RIFF" && string(raw[8:12]) == "WEBP"
}

// Bits of the flags of a VP8X chunk (RFC 9649 section 2.7).
const (
	webpXMP  = 0x04
	webpExif = 0x08
)

// webpKept are the chunks that make the picture; all others are metadata or
// unknown (RFC 9649 section 2.7).
var webpKept = map[string]bool{"VP8 ": true, "VP8L": true, "VP8X": true, "ALPH": true, "ANIM": true, "ANMF": true, "ICCP": true}

// cleanWebP takes the metadata out of a WebP.
func cleanWebP(raw []byte) (*Photo, error) {
	p := &Photo{ContentType: "image/webp"}
	size := uint64(binary.LittleEndian.Uint32(raw[4:])) + 8
	if size > uint64(len(raw)) || size < 20 {
		return nil, errTruncated
	}
	raw = raw[:size] // what hangs on behind is no part of it
	out := bytes.NewBuffer(nil)
	out.Write(raw[:12])
	for at := uint64(12); at < size; {
		if at+8 > size {
			return nil, errTruncated
		}
		name, length := string(raw[at:at+4]), uint64(binary.LittleEndian.Uint32(raw[at+4:]))
		end := at + 8 + length
		if end > size {
			return nil, errTruncated
		}
		if webpKept[name] {
			chunk := bytes.Clone(raw[at:end])
			if err := p.measureWebP(name, chunk[8:]); err != nil {
				return nil, err
			}
			out.Write(chunk)
			if length&1 == 1 {
				out.WriteByte(0)
			}
		}
		at = end + length&1
	}
	if p.Width == 0 || p.Height == 0 {
		return nil, errors.New("the file holds no picture")
	}
	p.Bytes = out.Bytes()
	binary.LittleEndian.PutUint32(p.Bytes[4:], uint32(len(p.Bytes)-8))
	p.Size = len(p.Bytes)
	return p, nil
}

// measureWebP reads the size of the picture out of a chunk, and takes back that
// an extended file has metadata.
func (p *Photo) measureWebP(name string, b []byte) error {
	w, h := 0, 0
	switch {
	case name == "VP8X" && len(b) >= 10:
		b[0] &^= webpXMP | webpExif
		w = 1 + int(b[4]) + int(b[5])<<8 + int(b[6])<<16
		h = 1 + int(b[7]) + int(b[8])<<8 + int(b[9])<<16
	case name == "VP8 " && len(b) >= 10: // RFC 6386 section 9.1
		if !bytes.Equal(b[3:6], []byte{0x9d, 0x01, 0x2a}) {
			return errors.New("no key frame")
		}
		w, h = int(binary.LittleEndian.Uint16(b[6:])&0x3fff), int(binary.LittleEndian.Uint16(b[8:])&0x3fff)
	case name == "VP8L" && len(b) >= 5: // RFC 9649 section 3.4
		if b[0] != 0x2f {
			return errors.New("no lossless picture")
		}
		bits := binary.LittleEndian.Uint32(b[1:])
		w, h = int(bits&0x3fff)+1, int(bits>>14&0x3fff)+1
	default:
		return nil
	}
	if p.Width == 0 {
		p.Width, p.Height = w, h
	}
	return nil
}
