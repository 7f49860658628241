package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/labstack/echo/v4"

	"neuvo/booking"
	"neuvo/internal/auth"
	"neuvo/internal/fault"
	"neuvo/templates"
)

// A session lasts a working day and is not prolonged: a GET never writes.
const sessionLifetime = 12 * time.Hour

const (
	sessionCookie = "neuvo_session"
	localeCookie  = "lang"
	staffKey      = "staff"  // in the session and in the request's context
	localeKey     = "locale" // in the request's context
)

func (s *Server) newSessions() *scs.SessionManager {
	m := scs.New()
	m.Store = s.opt.Directory.SessionStore()
	m.HashTokenInStore = true
	m.Lifetime = sessionLifetime
	m.Cookie.Name = sessionCookie
	m.Cookie.HttpOnly = true
	m.Cookie.SameSite = http.SameSiteLaxMode
	m.Cookie.Secure = s.secure
	m.Cookie.Path = "/"
	return m
}

// loadSession reads the session of the cookie into the request's context. It
// costs nothing where there is no cookie and never writes.
func (s *Server) loadSession(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		token := ""
		if cookie, err := c.Cookie(sessionCookie); err == nil {
			token = cookie.Value
		}
		ctx, err := s.sessions.Load(c.Request().Context(), token)
		if err != nil {
			return err
		}
		c.SetRequest(c.Request().WithContext(ctx))
		return next(c)
	}
}

// signIn starts a session for a member of staff under a fresh token, so that
// one planted before the sign-in is worth nothing.
func (s *Server) signIn(c echo.Context, staff *auth.Staff) error {
	ctx := c.Request().Context()
	if err := s.sessions.RenewToken(ctx); err != nil {
		return err
	}
	s.sessions.Put(ctx, staffKey, staff.ID)
	token, expiry, err := s.sessions.Commit(ctx)
	if err != nil {
		return err
	}
	s.sessions.WriteSessionCookie(ctx, c.Response(), token, expiry)
	c.Set(staffKey, staff)
	return nil
}

// signOut ends the session in the database and in the browser.
func (s *Server) signOut(c echo.Context) error {
	ctx := c.Request().Context()
	if err := s.sessions.Destroy(ctx); err != nil {
		return err
	}
	s.sessions.WriteSessionCookie(ctx, c.Response(), "", time.Time{})
	c.Set(staffKey, (*auth.Staff)(nil))
	return nil
}

// staff tells who is signed in, by bearer token or else by session cookie; nil
// for nobody. A wrong bearer token does not fall back to the cookie. A failing
// database is logged and counts as nobody.
func (s *Server) staff(c echo.Context) *auth.Staff {
	if known, ok := c.Get(staffKey).(*auth.Staff); ok {
		return known
	}
	staff, err := s.findStaff(c)
	if err != nil && !fault.Is(err, fault.Unauthorized) && !fault.Is(err, fault.NotFound) {
		s.log.Error("who is signed in?", "error", err)
	}
	c.Set(staffKey, staff)
	return staff
}

func (s *Server) findStaff(c echo.Context) (*auth.Staff, error) {
	ctx := c.Request().Context()
	if header := c.Request().Header.Get(echo.HeaderAuthorization); header != "" {
		scheme, token, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return nil, nil
		}
		return s.opt.Directory.ByToken(ctx, strings.TrimSpace(token))
	}
	id := s.sessions.GetInt64(ctx, staffKey)
	if id == 0 {
		return nil, nil
	}
	return s.opt.Directory.ByID(ctx, id)
}

// requireStaff lets members of staff through to a page and sends everyone else
// to the sign-in, which brings them back.
func (s *Server) requireStaff(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if s.staff(c).Can(auth.ActDesk) {
			c.Response().Header().Set("Cache-Control", "no-store")
			return next(c)
		}
		back := "/desk"
		if c.Request().Method == http.MethodGet && c.Path() != "/desk/events" {
			back = c.Request().URL.RequestURI()
		}
		return c.Redirect(http.StatusSeeOther, "/desk/sign-in?next="+url.QueryEscape(back))
	}
}

// actor is who acts, for the rooms: the member of staff, else the customer.
func (s *Server) actor(c echo.Context) booking.Actor { return actorOf(s.staff(c)) }

func actorOf(staff *auth.Staff) booking.Actor {
	if staff == nil {
		return booking.Actor{Kind: "customer"}
	}
	return booking.Actor{Kind: "staff", StaffID: staff.ID, Advisor: staff.AdvisorID, Name: staff.Name}
}

// locale is the language of the answer: what was chosen in the query (kept in
// a cookie), else the member of staff's own, else what the browser asks for,
// else the workshop's.
func (s *Server) locale(c echo.Context) string {
	if known, ok := c.Get(localeKey).(string); ok {
		return known
	}
	locale := s.chosenLocale(c)
	c.Set(localeKey, locale)
	return locale
}

// choseLocale tells whether the visitor has chosen a language on a page of ours.
func (s *Server) choseLocale(c echo.Context) bool {
	if slices.Contains(templates.Locales, c.QueryParam("lang")) {
		return true
	}
	cookie, err := c.Cookie(localeCookie)
	return err == nil && slices.Contains(templates.Locales, cookie.Value)
}

func (s *Server) chosenLocale(c echo.Context) string {
	header := c.Request().Header.Get("Accept-Language")
	if isAPI(c.Request().URL.Path) {
		return templates.Match(header, s.workshopLocale(c.Request().Context()))
	}
	if lang := c.QueryParam("lang"); slices.Contains(templates.Locales, lang) {
		c.SetCookie(&http.Cookie{
			Name: localeCookie, Value: lang, Path: "/", MaxAge: 365 * 24 * 3600,
			HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: s.secure,
		})
		return lang
	}
	if cookie, err := c.Cookie(localeCookie); err == nil && slices.Contains(templates.Locales, cookie.Value) {
		return cookie.Value
	}
	if strings.HasPrefix(c.Request().URL.Path, "/desk") {
		if staff := s.staff(c); staff != nil && staff.Locale != "" {
			return staff.Locale
		}
	}
	return templates.Match(header, s.workshopLocale(c.Request().Context()))
}

// workshopLocale is the first workshop's language, asked for once a minute.
func (s *Server) workshopLocale(ctx context.Context) string {
	// The machine's clock: a demo's clock that jumps must not pin an old answer.
	s.mu.Lock()
	locale, fresh := s.fallback, time.Since(s.fallbackAt) < time.Minute
	s.mu.Unlock()
	if locale != "" && fresh {
		return locale
	}
	shops, err := s.opt.Desk.Workshops(ctx)
	if err != nil || len(shops) == 0 || shops[0].Locale == "" {
		return templates.Locales[0]
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fallback, s.fallbackAt = shops[0].Locale, time.Now()
	return s.fallback
}
