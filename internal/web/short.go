package web

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"neuvo/internal/fault"
)

// shortLink leads from a short address in an SMS to its page. It records nothing:
// whoever follows a link, a person or a scanner, has not acted. Guesses are
// bounded as posts are.
func (s *Server) shortLink(c echo.Context) error {
	ctx := c.Request().Context()
	target, err := s.opt.Desk.FollowLink(ctx, c.Param("code"))
	if token, ok := strings.CutPrefix(target, "/s/"); ok && err == nil {
		_, _, err = s.opt.Surveyor.ByToken(ctx, token)
	}
	if fault.Is(err, fault.NotFound) {
		if err := s.allowAddress(c.RealIP()); err != nil {
			return s.fail(c, err)
		}
		return s.lost(c, s.frame(c))
	}
	if err != nil {
		return s.fail(c, err)
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	c.Response().Header().Set("Referrer-Policy", "no-referrer")
	// A short domain has no pages of its own: they stand at the program's address.
	return c.Redirect(http.StatusFound, s.opt.BaseURL+target)
}
