package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"neuvo/booking"
	"neuvo/internal/auth"
	"neuvo/internal/fault"
)

// mePage is how a member of staff is told of what customers write.
type mePage struct {
	frame
	Phone   string // as typed
	Minutes string
	Email   bool
	SMS     bool
}

// here notes that a page of the desk is open before a member of staff.
func (s *Server) here(c echo.Context, staffID int64) {
	if err := s.opt.Directory.Seen(c.Request().Context(), staffID); err != nil && c.Request().Context().Err() == nil {
		s.log.Error("note who is here", "staff", staffID, "error", err)
	}
}

func (s *Server) pageMe(c echo.Context) error {
	f, err := s.deskFrame(c, "me")
	if err != nil {
		return s.fail(c, err)
	}
	p := &mePage{frame: f, Phone: f.Staff.Phone, Minutes: idOf(int64(f.Staff.TellMinutes)), Email: f.Staff.TellEmail, SMS: f.Staff.TellSMS}
	return s.show(c, http.StatusOK, "desk_me", p.Locale, p)
}

// pageMeSubmit changes how who is signed in is told.
func (s *Server) pageMeSubmit(c echo.Context) error {
	f, err := s.deskFrame(c, "me")
	if err != nil {
		return s.fail(c, err)
	}
	p := &mePage{frame: f, Phone: typed(c, "phone", maxLine), Minutes: typed(c, "minutes", maxLine), Email: ticked(c, "tell_email"), SMS: ticked(c, "tell_sms")}
	told := auth.Told{Email: p.Email, SMS: p.SMS, Minutes: int(number(p.Minutes))}
	if p.Phone != "" {
		if told.Phone, err = booking.NormalizePhone(p.Phone, f.Workshop.Country); err != nil {
			err = fault.BadField("phone", "fault.phone_invalid", p.Phone)
		}
	}
	if err == nil {
		err = s.opt.Directory.SetTold(c.Request().Context(), f.Staff.ID, told)
	}
	if err == nil {
		return seeOther(c, "/desk/me?done=settings")
	}
	status := p.refused(err)
	if status == 0 {
		return s.fail(c, err)
	}
	return s.show(c, status, "desk_me", p.Locale, p)
}
