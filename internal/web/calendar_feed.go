package web

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"neuvo/booking"
	"neuvo/internal/auth"
	"neuvo/internal/fault"
)

// calendarFile gives the calendar of a secret: a customer's visit or an
// advisor's feed. Readers ask again and again: what has not changed is not sent.
func (s *Server) calendarFile(c echo.Context) error {
	token, ok := strings.CutSuffix(c.Param("file"), ".ics")
	if !ok {
		return fault.New(fault.NotFound, "fault.not_found")
	}
	content, err := s.opt.Desk.Calendar(c.Request().Context(), token)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(content)
	tag := `"` + hex.EncodeToString(sum[:12]) + `"`
	h := c.Response().Header()
	h.Set("ETag", tag)
	h.Set("Cache-Control", "private, no-cache")
	h.Set("X-Robots-Tag", "noindex")
	if c.Request().Header.Get("If-None-Match") == tag {
		return c.NoContent(http.StatusNotModified)
	}
	h.Set("Content-Disposition", `inline; filename="neuvo.ics"`)
	return c.Blob(http.StatusOK, booking.CalendarType, content)
}

// feedsPage shows advisors' calendar feeds: one's own, and to managers those of
// the whole workshop.
type feedsPage struct {
	frame
	Feeds []feedRow
}

type feedRow struct {
	Advisor booking.Advisor
	URL     string // "" where there is none
	Mine    bool
}

func (s *Server) pageFeeds(c echo.Context) error {
	f, err := s.deskFrame(c, "feed")
	if err != nil {
		return s.fail(c, err)
	}
	p := &feedsPage{frame: f}
	if f.Workshop == nil {
		return s.show(c, http.StatusOK, "desk_feed", p.Locale, p)
	}
	ctx := c.Request().Context()
	advisors, err := s.opt.Desk.Advisors(ctx, f.Workshop.ID)
	if err != nil {
		return s.fail(c, err)
	}
	feeds, err := s.opt.Desk.Feeds(ctx, f.Workshop.ID)
	if err != nil {
		return s.fail(c, err)
	}
	for _, a := range advisors {
		if !mayFeed(f.Staff, a) {
			continue
		}
		row := feedRow{Advisor: a, Mine: a.ID == f.Staff.AdvisorID}
		if token := feeds[a.ID]; token != "" {
			row.URL = s.opt.BaseURL + "/calendar/" + token + ".ics"
		}
		p.Feeds = append(p.Feeds, row)
	}
	return s.show(c, http.StatusOK, "desk_feed", p.Locale, p)
}

// mayFeed tells whose calendar a member of staff may hand out.
func mayFeed(staff *auth.Staff, a booking.Advisor) bool {
	return staff.Sees(a.WorkshopID) && (staff.AdvisorID == a.ID || staff.Can(auth.ActManage))
}

// pageFeedSubmit makes a feed a new secret, or ends it.
func (s *Server) pageFeedSubmit(c echo.Context) error {
	ctx := c.Request().Context()
	a, err := s.opt.Desk.Advisor(ctx, number(c.Param("id")))
	if err != nil {
		return s.fail(c, err)
	}
	if !mayFeed(s.staff(c), *a) {
		return s.fail(c, fault.New(fault.NotFound, "fault.not_found"))
	}
	done := "feed_new"
	if c.FormValue("act") == "end" {
		done, err = "feed_end", s.opt.Desk.EndFeed(ctx, a.ID)
	} else {
		_, err = s.opt.Desk.NewFeed(ctx, a.ID)
	}
	if err != nil {
		return s.fail(c, err)
	}
	return seeOther(c, "/desk/feed?done="+done)
}
