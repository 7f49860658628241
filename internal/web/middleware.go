package web

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"neuvo/internal/auth"
	"neuvo/internal/fault"
	"neuvo/templates"
)

// maxBody bounds what a request may carry.
const maxBody = 1 << 20

// requestTime bounds how long a request may work.
const requestTime = 30 * time.Second

// apiPrefix is where the API lives; errors below it are problem documents.
const apiPrefix = "/api/"

func isAPI(path string) bool {
	return strings.HasPrefix(path, apiPrefix) || path == "/api" || path == "/openapi.json"
}

// endless tells the routes that may take as long as they like: the live stream,
// and the demo's clock, which runs what falls due on its way.
func endless(path string) bool {
	return path == "/desk/events" || path == "/demo" || strings.HasPrefix(path, "/demo/")
}

// safe tells the methods that never act (RFC 9110 section 9.2.1).
func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// caller is who asks, for the handlers of the API, which see no Echo.
type caller struct {
	locale  string
	base    string // BaseURL
	address string // client address as far as the proxies are trusted
	staff   *auth.Staff
}

type callerKey struct{}

func callerOf(ctx context.Context) caller {
	who, ok := ctx.Value(callerKey{}).(caller)
	if !ok {
		who.locale = templates.Locales[0]
	}
	return who
}

// withCaller finds out who calls the API, once per request.
func (s *Server) withCaller(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if !isAPI(c.Request().URL.Path) {
			return next(c)
		}
		who := caller{locale: s.locale(c), base: s.opt.BaseURL, address: c.RealIP(), staff: s.staff(c)}
		h := c.Response().Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Language", who.locale)
		h.Add(echo.HeaderVary, "Accept-Language")
		c.SetRequest(c.Request().WithContext(context.WithValue(c.Request().Context(), callerKey{}, who)))
		return next(c)
	}
}

// observe logs and counts each request under its route's pattern: a path may
// hold a secret token, its pattern does not.
func (s *Server) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := time.Now()
		err := next(c)
		if err != nil {
			// Answered here, so that the status is known; Echo sees it is done.
			c.Error(err)
		}
		route := c.Path()
		if route == "" {
			route = "none"
		}
		status, took := c.Response().Status, time.Since(began)
		s.metrics.observe(route, c.Request().Method, status, took)
		s.log.Log(c.Request().Context(), levelOf(route), "request", "method", c.Request().Method, "route", route, "status", status,
			"bytes", c.Response().Size, "took", took.Round(time.Microsecond))
		return nil
	}
}

// levelOf keeps what is asked every few seconds, or beside every page, out of
// the log unless someone looks for it.
func levelOf(route string) slog.Level {
	switch route {
	case "/static/*", "/favicon.ico", "/healthz", "/readyz", "/metrics":
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// recovered turns a panic into an error of ours, with the stack in the log.
func (s *Server) recovered(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			r := recover()
			if r == nil {
				return
			}
			if r == http.ErrAbortHandler {
				panic(r)
			}
			s.log.Error("panic", "route", c.Path(), "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			err = fault.New(fault.Internal, "fault.internal").Cause(fmt.Errorf("panic: %v", r))
		}()
		return next(c)
	}
}

// contentPolicy allows our own files and nothing else; data: is for the small
// pictures in the style sheet.
const contentPolicy = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; " +
	"form-action 'self'; frame-ancestors 'none'"

// hardened sets the headers that keep browsers from helping an attacker. The
// referrer stays within the site: a secret token stands in some paths, and
// "no-referrer" would hide the origin of our own forms from the check below.
func (s *Server) hardened(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		if s.secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		return next(c)
	}
}

// sameOrigin refuses acts that another site's page makes a browser send with
// our cookies. A bearer token is sent by no browser on its own.
func (s *Server) sameOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if c.Request().Header.Get(echo.HeaderAuthorization) == "" {
			if err := s.origins.Check(c.Request()); err != nil {
				return fault.New(fault.Forbidden, "fault.cross_origin").Cause(err)
			}
		}
		return next(c)
	}
}

// bounded limits a request's body and time. A body of the API is read whole
// here, so that what is too large is told as such.
func (s *Server) bounded(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		most, patience := int64(maxBody), requestTime
		if upload := uploads[c.Path()]; upload > 0 && claimsStaff(r) {
			most, patience = upload, uploadTime
			// Where there is no connection there is no deadline to move.
			deadline := time.Now().Add(uploadTime)
			_ = http.NewResponseController(c.Response()).SetReadDeadline(deadline)
			_ = http.NewResponseController(c.Response()).SetWriteDeadline(deadline)
		}
		if r.ContentLength > most {
			return &http.MaxBytesError{Limit: most}
		}
		r.Body = http.MaxBytesReader(c.Response(), r.Body, most)
		if isAPI(r.URL.Path) && !safe(r.Method) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return fmt.Errorf("read request: %w", err)
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			r.ContentLength = int64(len(body))
			c.Set(bodyKey, body)
		}
		if endless(r.URL.Path) {
			// Where there is no connection there is no deadline to lift.
			_ = http.NewResponseController(c.Response()).SetWriteDeadline(time.Time{})
			return next(c)
		}
		ctx, cancel := context.WithTimeout(r.Context(), patience)
		defer cancel()
		c.SetRequest(r.WithContext(ctx))
		return next(c)
	}
}

const bodyKey = "body"

// compressed packs text. Streams, pictures and what is packed already are left
// as they are.
func compressed() echo.MiddlewareFunc {
	return middleware.GzipWithConfig(middleware.GzipConfig{
		MinLength: 1024,
		Skipper: func(c echo.Context) bool {
			path := c.Request().URL.Path
			if endless(path) || path == "/metrics" || path == availabilityPath || // packs for itself
				strings.HasPrefix(path, "/photos/") {
				return true
			}
			packed := []string{".png", ".jpg", ".jpeg", ".webp", ".woff2", ".ico", ".gz"}
			return slices.ContainsFunc(packed, func(ext string) bool { return strings.HasSuffix(path, ext) })
		},
	})
}

// static serves the files of templates. The hash in ?v= changes with the file,
// so what carries it may be kept for good.
func (s *Server) static() echo.HandlerFunc {
	files := http.StripPrefix("/static/", http.FileServerFS(templates.Static()))
	return func(c echo.Context) error {
		if strings.HasSuffix(c.Request().URL.Path, "/") {
			return echo.ErrNotFound // no listings
		}
		keep := "no-cache"
		if c.QueryParam("v") != "" {
			keep = "public, max-age=31536000, immutable"
		}
		c.Response().Header().Set("Cache-Control", keep)
		files.ServeHTTP(c.Response(), c.Request())
		return nil
	}
}
