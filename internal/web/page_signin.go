package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"neuvo/internal/auth"
	"neuvo/internal/fault"
)

// signInPage is the desk's door.
type signInPage struct {
	frame
	Email string
	Next  string
}

func (s *Server) pageSignIn(c echo.Context) error {
	next := deskAddress(c.QueryParam("next"))
	if s.staff(c).Can(auth.ActDesk) {
		return seeOther(c, next)
	}
	return s.show(c, http.StatusOK, "signin", s.locale(c), &signInPage{frame: s.frame(c), Next: next})
}

func (s *Server) pageSignInSubmit(c echo.Context) error {
	p := &signInPage{frame: s.frame(c), Email: typed(c, "email", maxLine), Next: deskAddress(c.FormValue("next"))}
	// The password is taken as typed: spaces may belong to it.
	staff, err := s.opt.Directory.SignIn(c.Request().Context(), p.Email, c.FormValue("password"))
	if fault.Is(err, fault.Unauthorized) {
		p.Problem = p.words("fault.sign_in")
		return s.show(c, http.StatusUnauthorized, "signin", p.Locale, p)
	}
	if err != nil {
		if status := p.refused(err); status != 0 {
			return s.show(c, status, "signin", p.Locale, p)
		}
		return s.fail(c, err)
	}
	if err := s.signIn(c, staff); err != nil {
		return s.fail(c, err)
	}
	return seeOther(c, p.Next)
}

func (s *Server) pageSignOut(c echo.Context) error {
	if err := s.signOut(c); err != nil {
		return s.fail(c, err)
	}
	return seeOther(c, "/desk/sign-in")
}

// deskAddress keeps an address to come back to only where it is a page of the
// desk: a link must not send people elsewhere after their password.
func deskAddress(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.IsAbs() || u.Host != "" || strings.Contains(raw, "\\") || strings.HasPrefix(u.Path, "/desk/sign") {
		return "/desk"
	}
	if u.Path != "/desk" && !strings.HasPrefix(u.Path, "/desk/") {
		return "/desk"
	}
	return u.RequestURI()
}
