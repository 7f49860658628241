package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"neuvo/internal/fault"
	"neuvo/notify"
)

// leavePrefix is where the ways out of our mails lead.
const leavePrefix = "/u/"

// leaves tells whether a token is of a way out that we made.
func (s *Server) leaves(token string) bool {
	_, err := s.opt.Notifier.WayOut(token)
	return err == nil
}

// leavePage is the way out of what a customer once agreed to.
type leavePage struct {
	frame
	Purpose notify.Purpose
	Path    string
	Done    bool
}

// pageLeave asks whether mail of a kind is to end. It does nothing by itself:
// scanners follow links.
func (s *Server) pageLeave(c echo.Context) error {
	p, err := s.leavePage(c)
	if p == nil {
		return err
	}
	return s.show(c, http.StatusOK, "leave", p.Locale, p)
}

// leavePage reads the token; the page is nil where the answer has been given.
func (s *Server) leavePage(c echo.Context) (*leavePage, error) {
	f := s.frame(c)
	purpose, err := s.opt.Notifier.WayOut(c.Param("token"))
	if fault.Is(err, fault.NotFound) {
		return nil, s.lost(c, f)
	}
	if err != nil {
		return nil, s.fail(c, err)
	}
	return &leavePage{frame: f, Purpose: purpose, Path: c.Request().URL.Path}, nil
}

// pageLeaveSubmit withdraws the consent: from the button of the page, or from a
// mail program's one-click post (RFC 8058 section 3.2), which has no cookies and
// follows no redirect.
func (s *Server) pageLeaveSubmit(c echo.Context) error {
	p, err := s.leavePage(c)
	if p == nil {
		return err
	}
	err = s.opt.Notifier.Leave(c.Request().Context(), c.Param("token"))
	if fault.Is(err, fault.NotFound) {
		return s.lost(c, p.frame)
	}
	if err != nil {
		return s.fail(c, err)
	}
	p.Done = true
	return s.show(c, http.StatusOK, "leave", p.Locale, p)
}
