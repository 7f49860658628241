package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"neuvo/booking"
)

// uploads are the routes that take photos, and how much they take.
var uploads = map[string]int64{
	"/api/v1/jobs/:id/photos": booking.MaxPhotoBytes + 64<<10,
	"/desk/jobs/:id/estimate": 4*booking.MaxPhotoBytes + maxBody,
}

// uploadTime bounds a request that brings photos over a slow line.
const uploadTime = 3 * time.Minute

// claimsStaff tells whether a request brings what staff bring. Who it is comes
// later; a stranger who brings nothing is not listened to for megabytes.
func claimsStaff(r *http.Request) bool {
	if r.Header.Get(echo.HeaderAuthorization) != "" {
		return true
	}
	_, err := r.Cookie(sessionCookie)
	return err == nil
}

// photoURL is the path of a photo.
func photoURL(p *booking.Photo) string { return "/photos/" + p.Token }

// photo serves a picture under its secret address, as a picture and as nothing
// else: its type is ours, and the browser may not guess another.
func (s *Server) photo(c echo.Context) error {
	p, err := s.opt.Desk.Photo(c.Request().Context(), c.Param("token"))
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Disposition", "inline")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "private, max-age=3600")
	h.Set(echo.HeaderContentLength, strconv.Itoa(len(p.Bytes)))
	return c.Blob(http.StatusOK, p.ContentType, p.Bytes)
}
