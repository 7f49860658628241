package web

import (
	"fmt"
	"mime"
	"net/http"

	"github.com/labstack/echo/v4"

	"neuvo/booking"
	"neuvo/internal/fault"
	"neuvo/notify"
	"neuvo/notify/inbox"
)

// fileLink is a file of a message as pages and the API name it.
type fileLink struct {
	Name         string `json:"name"`
	ContentType  string `json:"content_type"`
	Size         int64  `json:"size" doc:"In bytes."`
	URL          string `json:"url,omitempty" doc:"Where staff fetch it; absent where it is not handed out."`
	ThumbnailURL string `json:"thumbnail_url,omitempty" doc:"Of pictures: a small JPEG."`
	Refused      string `json:"refused,omitempty" enum:"too_large,dangerous,lost" doc:"Why it is not handed out."`
}

// Kilobytes is the size for people, at least 1.
func (f fileLink) Kilobytes() int64 { return max(1, (f.Size+512)/1024) }

// fileLinks are the files of a message below an address of the desk.
func fileLinks(base string, files []notify.InboundFile) []fileLink {
	var list []fileLink
	for _, f := range files {
		l := fileLink{Name: f.Name, ContentType: f.ContentType, Size: f.Size, Refused: f.Refused}
		if f.Refused == "" {
			l.URL = fmt.Sprintf("%s/files/%d", base, f.Position)
			if booking.HasThumbnail(f.ContentType) && f.Size <= booking.MaxPhotoBytes {
				l.ThumbnailURL = l.URL + "/thumbnail"
			}
		}
		list = append(list, l)
	}
	return list
}

// inboundURL is where the desk finds a message of a job as it came.
func inboundURL(jobID, inboundID int64) string {
	return fmt.Sprintf("%s/inbound/%d", jobURL(jobID), inboundID)
}

// inboundOf gives a message of a job as it came, or one that waits in triage and
// is this person's business.
func (s *Server) inboundOf(c echo.Context) (*notify.Inbound, error) {
	ctx, id := c.Request().Context(), number(c.Param("inbound"))
	if c.Param("id") == "" {
		if _, err := s.waiting(c, id); err != nil {
			return nil, err
		}
		return s.opt.Notifier.InboundByID(ctx, id)
	}
	job, err := s.deskJob(c, c.Param("id"))
	if err != nil {
		return nil, err
	}
	messages, err := s.opt.Notifier.Messages(ctx, job.Subject())
	if err != nil {
		return nil, err
	}
	for _, m := range messages {
		if m.InboundID == id && id != 0 {
			return s.opt.Notifier.InboundByID(ctx, id)
		}
	}
	return nil, fault.New(fault.NotFound, "fault.not_found")
}

// guarded sets what keeps a browser from taking a stranger's bytes for a page.
func guarded(c echo.Context) {
	h := c.Response().Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "private, no-store")
}

// pageInbound shows all that a message says, as plain text.
func (s *Server) pageInbound(c echo.Context) error {
	in, err := s.inboundOf(c)
	if err != nil {
		return s.fail(c, err)
	}
	guarded(c)
	text := inbox.Whole(in.Raw, inbox.ParseOptions{})
	if len(in.Raw) == 0 || text == "" {
		text = in.Body
	}
	return c.Blob(http.StatusOK, "text/plain; charset=utf-8", []byte(text))
}

// pageFile hands a file of a message out, to be saved and not shown.
func (s *Server) pageFile(c echo.Context) error {
	file, err := s.file(c)
	if err != nil {
		return s.fail(c, err)
	}
	guarded(c)
	c.Response().Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": file.Name}))
	return c.Blob(http.StatusOK, file.ContentType, file.Content)
}

// pageThumbnail shows a picture of a message, made anew and small.
func (s *Server) pageThumbnail(c echo.Context) error {
	file, err := s.file(c)
	if err != nil {
		return s.fail(c, err)
	}
	small, err := booking.Thumbnail(c.Request().Context(), file.Content)
	if err != nil {
		return s.fail(c, err)
	}
	guarded(c)
	c.Response().Header().Set("Cache-Control", "private, max-age=86400")
	return c.Blob(http.StatusOK, "image/jpeg", small)
}

// file takes the named file out of its message.
func (s *Server) file(c echo.Context) (*notify.InboundFile, error) {
	in, err := s.inboundOf(c)
	if err != nil {
		return nil, err
	}
	return s.opt.Notifier.File(c.Request().Context(), in.ID, int(number(c.Param("file"))))
}
