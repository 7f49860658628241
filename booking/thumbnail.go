package booking

import (
	"bytes"
	"context"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/webp"
)

// thumbnailSide is the longer side of a thumbnail, in pixels.
const thumbnailSide = 320

// pictures are the kinds that thumbnails are made of, by their first bytes. A GIF
// shows its first picture.
var pictures = []struct {
	kind, magic string
	config      func(*bytes.Reader) (image.Config, error)
	decode      func(*bytes.Reader) (image.Image, error)
}{
	{"image/jpeg", "\xff\xd8\xff", func(r *bytes.Reader) (image.Config, error) { return jpeg.DecodeConfig(r) }, func(r *bytes.Reader) (image.Image, error) { return jpeg.Decode(r) }},
	{"image/png", "\x89PNG\r\n\x1a\n", func(r *bytes.Reader) (image.Config, error) { return png.DecodeConfig(r) }, func(r *bytes.Reader) (image.Image, error) { return png.Decode(r) }},
	{"image/gif", "GIF8", func(r *bytes.Reader) (image.Config, error) { return gif.DecodeConfig(r) }, func(r *bytes.Reader) (image.Image, error) { return gif.Decode(r) }},
	{"image/webp", "RIFF", func(r *bytes.Reader) (image.Config, error) { return webp.DecodeConfig(r) }, func(r *bytes.Reader) (image.Image, error) { return webp.Decode(r) }},
}

// HasThumbnail tells whether files of a type are shown as pictures.
func HasThumbnail(contentType string) bool {
	for _, p := range pictures {
		if p.kind == contentType {
			return true
		}
	}
	return false
}

// Thumbnail makes a small JPEG of a picture that somebody sent: upright, without
// what cameras write into files, decoded only where it is no larger than photos
// may be, one at a time. Errors are Invalid.
func Thumbnail(ctx context.Context, raw []byte) ([]byte, error) {
	if len(raw) > MaxPhotoBytes {
		return nil, photoFault("fault.photo_large", "megabytes", MaxPhotoBytes>>20)
	}
	for _, p := range pictures {
		if !bytes.HasPrefix(raw, []byte(p.magic)) {
			continue
		}
		config, err := p.config(bytes.NewReader(raw))
		if err != nil || config.Width <= 0 || config.Height <= 0 {
			return nil, unreadable(err)
		}
		if config.Width > maxPhotoPixels/config.Height {
			return nil, photoFault("fault.photo_pixels", "megapixels", maxPhotoPixels/1_000_000)
		}
		select {
		case decoding <- struct{}{}:
			defer func() { <-decoding }()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		img, err := p.decode(bytes.NewReader(raw))
		if err != nil {
			return nil, unreadable(err)
		}
		img = shrink(img, thumbnailSide)
		if p.kind == "image/jpeg" {
			img = upright(img, orientation(raw))
		}
		small, err := encode(img, "image/jpeg")
		if err != nil {
			return nil, err
		}
		return small.Bytes, nil
	}
	return nil, photoFault("fault.photo_type", "", nil)
}
