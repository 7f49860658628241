package booking

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"strings"

	"neuvo/internal/db"
	"neuvo/internal/fault"
)

// Photo is a picture of a job, without what cameras write into files: place,
// time, owner.
type Photo struct {
	ID          int64 `gorm:"primaryKey"`
	JobID       int64
	Token       string // its secret address
	ContentType string // image/jpeg, image/png or image/webp
	Width       int
	Height      int
	Size        int // bytes
	Bytes       []byte
	Author      string
	CreatedAt   db.Time
}

// Bounds of photos.
const (
	MaxPhotoBytes  = 10 << 20   // of a file as it comes
	maxPhotoPixels = 50_000_000 // more is a bomb rather than a picture
	photoSide      = 2048       // longest side that is kept
	photoQuality   = 82
	maxJobPhotos   = 100
)

// decoding lets one picture at a time into memory, whatever its size.
var decoding = make(chan struct{}, 1)

// AddPhoto stores a photo of a job. What it is, is told by its content: JPEG,
// PNG or WebP, at most MaxPhotoBytes; Invalid for anything else. A JPEG or PNG
// is written anew, upright and at most photoSide long; a WebP keeps its picture
// and loses its metadata.
func (d *Desk) AddPhoto(ctx context.Context, jobID int64, raw []byte, a Actor) (*Photo, error) {
	if len(raw) == 0 {
		return nil, fault.BadField("body.file", "fault.required", nil)
	}
	if len(raw) > MaxPhotoBytes {
		return nil, photoFault("fault.photo_large", "megabytes", MaxPhotoBytes>>20)
	}
	n, err := d.countPhotos(ctx, jobID)
	if err != nil {
		return nil, err
	}
	if n >= maxJobPhotos {
		return nil, photoFault("fault.photo_count", "max", maxJobPhotos)
	}
	select {
	case decoding <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	p, err := cleanPhoto(raw)
	<-decoding
	if err != nil {
		return nil, err
	}
	p.JobID, p.Token, p.Author, p.CreatedAt = jobID, strings.ToLower(rand.Text()), a.named(""), d.now()
	err = d.db.Tx(ctx, func(ctx context.Context) error {
		p.ID = 0
		if _, err := one[Job](ctx, d.db, "job", "id = ?", jobID); err != nil {
			return err
		}
		return d.insertPhoto(ctx, p)
	})
	return p, err
}

// Photo gives a photo with its bytes by its token; NotFound where it is unknown
// or its job's own link no longer opens.
func (d *Desk) Photo(ctx context.Context, token string) (*Photo, error) {
	p, err := d.photoByToken(ctx, token, d.now())
	if err == nil && p == nil {
		err = notFound()
	}
	return p, err
}

// Photos lists the photos of a job, without their bytes, oldest first.
func (d *Desk) Photos(ctx context.Context, jobID int64) ([]Photo, error) {
	return d.photosWithoutBytes(ctx, "job_id = ?", jobID)
}

// checkPhotos tells whether every photo of a proposal is one of its job.
func (d *Desk) checkPhotos(ctx context.Context, e *Estimate) error {
	var ids []int64
	for _, l := range e.Lines {
		ids = append(ids, l.PhotoIDs...)
	}
	if len(ids) == 0 {
		return nil
	}
	have, err := d.photosWithoutBytes(ctx, "job_id = ? AND id IN ?", e.JobID, unique(ids))
	if err != nil {
		return err
	}
	known := byID(have, func(p Photo) int64 { return p.ID })
	for _, id := range ids {
		if _, ok := known[id]; !ok {
			return fault.BadField("body.lines", "fault.photo_unknown", id)
		}
	}
	return nil
}

// photoFault is what is wrong with a file; name and value fill the sentence.
func photoFault(key, name string, value any) *fault.Error {
	e := fault.BadField("body.file", key, nil)
	if name != "" {
		e.Fields[0].Args = map[string]any{name: value}
	}
	return e
}

// unreadable is a file that breaks off or is not what it begins as.
func unreadable(err error) error { return photoFault("fault.photo_unreadable", "", nil).Cause(err) }

// cleanPhoto makes a photo of a file.
func cleanPhoto(raw []byte) (*Photo, error) {
	if isWebP(raw) {
		p, err := cleanWebP(raw)
		if err != nil {
			return nil, unreadable(err)
		}
		if p.Width*p.Height > maxPhotoPixels {
			return nil, photoFault("fault.photo_pixels", "megapixels", maxPhotoPixels/1_000_000)
		}
		return p, nil
	}
	kind := ""
	switch {
	case bytes.HasPrefix(raw, []byte{0xff, 0xd8, 0xff}):
		kind = "image/jpeg"
	case bytes.HasPrefix(raw, []byte("\x89PNG\r\n\x1a\n")):
		kind = "image/png"
	default:
		return nil, photoFault("fault.photo_type", "", nil)
	}
	config, _, err := image.DecodeConfig(bytes.NewReader(raw))
	if err != nil || config.Width <= 0 || config.Height <= 0 {
		return nil, unreadable(err)
	}
	if config.Width > maxPhotoPixels/config.Height {
		return nil, photoFault("fault.photo_pixels", "megapixels", maxPhotoPixels/1_000_000)
	}
	img, _, err := image.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, unreadable(err)
	}
	img = shrink(img, photoSide)
	if kind == "image/jpeg" {
		img = upright(img, orientation(raw))
	}
	return encode(img, kind)
}

// encode writes a picture anew: what is not picture is gone. A PNG that would
// be larger than it may be becomes a JPEG.
func encode(img image.Image, kind string) (*Photo, error) {
	p := &Photo{ContentType: kind, Width: img.Bounds().Dx(), Height: img.Bounds().Dy()}
	var b bytes.Buffer
	var err error
	if kind == "image/png" {
		err = png.Encode(&b, img)
		if err == nil && b.Len() > MaxPhotoBytes/4 {
			p.ContentType = "image/jpeg"
		}
	}
	if p.ContentType == "image/jpeg" {
		b.Reset()
		err = jpeg.Encode(&b, onWhite(img), &jpeg.Options{Quality: photoQuality})
	}
	if err != nil {
		return nil, unreadable(err)
	}
	p.Bytes, p.Size = b.Bytes(), b.Len()
	return p, nil
}

// onWhite gives a picture that may be transparent a white ground: a JPEG has none.
func onWhite(img image.Image) image.Image {
	if o, ok := img.(interface{ Opaque() bool }); ok && o.Opaque() {
		return img
	}
	out := image.NewRGBA(img.Bounds())
	draw.Draw(out, out.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.Draw(out, out.Bounds(), img, img.Bounds().Min, draw.Over)
	return out
}

// shrink makes a picture whose longer side is at most side, each pixel the mean
// of those it stands for.
func shrink(img image.Image, side int) image.Image {
	b := img.Bounds()
	longest := max(b.Dx(), b.Dy())
	if longest <= side {
		return img
	}
	src := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(src, src.Bounds(), img, b.Min, draw.Src)
	w, h := max(1, b.Dx()*side/longest), max(1, b.Dy()*side/longest)
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		top, bottom := y*b.Dy()/h, max((y+1)*b.Dy()/h, y*b.Dy()/h+1)
		for x := range w {
			left, right := x*b.Dx()/w, max((x+1)*b.Dx()/w, x*b.Dx()/w+1)
			mean(out.Pix[out.PixOffset(x, y):][:4], src, image.Rect(left, top, right, bottom))
		}
	}
	return out
}

// mean puts the mean of a part of a picture into one pixel.
func mean(to []byte, src *image.RGBA, part image.Rectangle) {
	var sum [4]int
	for y := part.Min.Y; y < part.Max.Y; y++ {
		row := src.Pix[src.PixOffset(part.Min.X, y):src.PixOffset(part.Max.X, y)]
		for i, v := range row {
			sum[i&3] += int(v)
		}
	}
	n := part.Dx() * part.Dy()
	for i := range to {
		to[i] = byte(sum[i] / n)
	}
}

// upright turns a picture as its Exif orientation says (CIPA DC-008, tag 0x0112).
func upright(img image.Image, orientation int) image.Image {
	if orientation < 2 || orientation > 8 {
		return img
	}
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	size := image.Rect(0, 0, w, h)
	if orientation >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	src := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(src, src.Bounds(), img, b.Min, draw.Src)
	out := image.NewRGBA(size)
	for y := range h {
		for x := range w {
			tx, ty := x, y
			switch orientation {
			case 2:
				tx = w - 1 - x
			case 3:
				tx, ty = w-1-x, h-1-y
			case 4:
				ty = h - 1 - y
			case 5:
				tx, ty = y, x
			case 6:
				tx, ty = h-1-y, x
			case 7:
				tx, ty = h-1-y, w-1-x
			case 8:
				tx, ty = y, w-1-x
			}
			copy(out.Pix[out.PixOffset(tx, ty):][:4], src.Pix[src.PixOffset(x, y):][:4])
		}
	}
	return out
}

// errTruncated is a file that ends too soon.
var errTruncated = errors.New("the file ends too soon")
