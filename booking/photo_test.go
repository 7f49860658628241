package booking_test

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"neuvo/booking"
	"neuvo/internal/fault"
)

// picture is wider than high, red on its left half and blue on its right.
func picture(w, h int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{R: 255, A: 255}
			if x >= w/2 {
				c = color.RGBA{B: 255, A: 255}
			}
			img.Set(x, y, c)
		}
	}
	return img
}

func jpegOf(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// withExif puts what a camera writes into a JPEG: how it was held, and where.
func withExif(raw []byte, orientation uint16) []byte {
	tiff := []byte("MM\x00\x2a\x00\x00\x00\x08")
	tiff = binary.BigEndian.AppendUint16(tiff, 1)
	tiff = binary.BigEndian.AppendUint16(tiff, 0x0112)
	tiff = binary.BigEndian.AppendUint16(tiff, 3)
	tiff = binary.BigEndian.AppendUint32(tiff, 1)
	tiff = binary.BigEndian.AppendUint16(tiff, orientation)
	tiff = append(tiff, "\x00\x00\x00\x00\x00\x00GPS 60.17N 24.94E"...)
	body := append([]byte("Exif\x00\x00"), tiff...)
	segment := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(body)+2))
	return append(append(append([]byte{0xff, 0xd8}, segment...), body...), raw[2:]...)
}

// webp is an extended WebP with metadata, of which only the frame is real.
func webp(chunks ...string) []byte {
	var body bytes.Buffer
	body.WriteString("WEBP")
	for i := 0; i < len(chunks); i += 2 {
		body.WriteString(chunks[i])
		body.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(chunks[i+1]))))
		body.WriteString(chunks[i+1])
		if len(chunks[i+1])%2 == 1 {
			body.WriteByte(0)
		}
	}
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(body.Len())), body.Bytes()...)
}

func TestAPhotoIsKeptUprightAndWithoutWhatCamerasWrite(t *testing.T) {
	each(t, func(w *world) {
		j := w.book("2026-11-23 10:00")
		p, err := w.desk.AddPhoto(w.Context(), j.ID, withExif(jpegOf(w.T, picture(400, 200)), 6), w.staff())
		w.ok(err)
		if p.ContentType != "image/jpeg" || p.Width != 200 || p.Height != 400 || p.Author != w.anna.Name {
			w.Errorf("stored %s %dx%d by %s", p.ContentType, p.Width, p.Height, p.Author)
		}
		kept, err := w.desk.Photo(w.Context(), p.Token)
		w.ok(err)
		if bytes.Contains(kept.Bytes, []byte("GPS")) || bytes.Contains(kept.Bytes, []byte("Exif")) {
			w.Error("it still tells where it was taken")
		}
		img, err := jpeg.Decode(bytes.NewReader(kept.Bytes))
		w.ok(err)
		if r, _, b, _ := img.At(100, 20).RGBA(); r < b {
			w.Error("it stands on its head")
		}
		big, err := w.desk.AddPhoto(w.Context(), j.ID, jpegOf(w.T, picture(4100, 60)), w.staff())
		w.ok(err)
		if big.Width != 2048 || big.Height != 29 {
			w.Errorf("a large one is kept as %dx%d", big.Width, big.Height)
		}
		list, err := w.desk.Photos(w.Context(), j.ID)
		w.ok(err)
		if len(list) != 2 || list[0].Bytes != nil {
			w.Errorf("the list holds %d, with bytes: %v", len(list), list[0].Bytes != nil)
		}
	})
}

func TestEveryOrientationComesOutUpright(t *testing.T) {
	w := onSQLite(t)
	j := w.book("2026-11-23 10:00")
	// Where the red half ends up: CIPA DC-008, tag 0x0112.
	for orientation, at := range map[uint16]image.Point{
		1: {20, 50}, 2: {180, 50}, 3: {180, 50}, 4: {20, 50}, 5: {50, 20}, 6: {50, 20}, 7: {50, 180}, 8: {50, 180},
	} {
		p, err := w.desk.AddPhoto(t.Context(), j.ID, withExif(jpegOf(t, picture(200, 100)), orientation), w.staff())
		w.ok(err)
		img, err := jpeg.Decode(bytes.NewReader(p.Bytes))
		w.ok(err)
		if r, _, b, _ := img.At(at.X, at.Y).RGBA(); r < b {
			t.Errorf("orientation %d: blue at %v of %v", orientation, at, img.Bounds())
		}
	}
}

func TestOfAWebPOnlyThePictureStays(t *testing.T) {
	w := onSQLite(t)
	j := w.book("2026-11-23 10:00")
	frame := "\x2f" + string(binary.LittleEndian.AppendUint32(nil, 639|479<<14)) + "pixels"
	extended := "\x0c\x00\x00\x00\x7f\x02\x00\xdf\x01\x00"
	p, err := w.desk.AddPhoto(t.Context(), j.ID, append(webp("VP8X", extended, "VP8L", frame, "EXIF", "GPS 60.17N", "XMP ", "<me/>"), "tail"...), w.staff())
	w.ok(err)
	want := webp("VP8X", "\x00"+extended[1:], "VP8L", frame)
	if p.ContentType != "image/webp" || p.Width != 640 || p.Height != 480 || !bytes.Equal(p.Bytes, want) {
		t.Errorf("kept %s %dx%d %q", p.ContentType, p.Width, p.Height, p.Bytes)
	}
}

func TestAPNGStaysAPNG(t *testing.T) {
	w := onSQLite(t)
	j := w.book("2026-11-23 10:00")
	var b bytes.Buffer
	w.ok(png.Encode(&b, picture(30, 20)))
	p, err := w.desk.AddPhoto(t.Context(), j.ID, b.Bytes(), w.staff())
	w.ok(err)
	if p.ContentType != "image/png" || p.Width != 30 {
		t.Errorf("kept %s %dx%d", p.ContentType, p.Width, p.Height)
	}
}

func TestWhatIsNoPhotoIsRefused(t *testing.T) {
	w := onSQLite(t)
	j := w.book("2026-11-23 10:00")
	good := jpegOf(t, picture(200, 100))
	bomb := bytes.Clone(good)
	// The size stands in the frame header (ITU-T T.81, B.2.2).
	at := bytes.Index(bomb, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(bomb[at+5:], 60000)
	binary.BigEndian.PutUint16(bomb[at+7:], 60000)
	for name, raw := range map[string][]byte{
		"nothing": nil, "a page": []byte("<html><script>alert(1)</script>"), "a drawing": []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`),
		"a GIF": []byte("GIF89a\x01\x00\x01\x00"), "half a JPEG": good[:len(good)/3], "a bomb": bomb,
		"too large": append(bytes.Clone(good), make([]byte, booking.MaxPhotoBytes)...), "an empty WebP": webp("EXIF", "x"),
		"a WebP that lies": []byte("RIFF\xff\xff\x00\x00WEBPVP8L\xff\xff\xff\xff"), "a JPEG's first bytes": []byte("\xff\xd8\xff"),
	} {
		if _, err := w.desk.AddPhoto(t.Context(), j.ID, raw, w.staff()); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.desk.Photo(t.Context(), strings.Repeat("a", 26)); !fault.Is(err, fault.NotFound) {
		t.Errorf("an unknown photo: %v", err)
	}
}

func FuzzPhoto(f *testing.F) {
	f.Add(webp("VP8L", "\x2f\x00\x00\x00\x00"))
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x10Exif\x00\x00MM\x00\x2a"))
	f.Fuzz(func(t *testing.T, raw []byte) { booking.CleanPhoto(raw) })
}
