package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"neuvo/notify/httpsms"
)

// hookPrefix is where the providers of gateways call us.
const hookPrefix = "/hooks/"

// isHook tells the calls of providers: each proves itself by a signature or a
// secret, and all of a provider's come from few addresses.
func isHook(path string) bool { return strings.HasPrefix(path, hookPrefix) }

// hooks puts up the addresses that the providers call. Some call by GET and mean
// it as a POST: what such a call brings was signed, and a second one changes
// nothing.
func (s *Server) hooks() {
	set := map[string]bool{}
	for _, h := range s.opt.Hooks {
		set[h.Name()] = true
		for _, method := range h.Methods() {
			s.echo.Add(method, hookPrefix+h.Name()+"/inbound", s.hook(h, s.takeInbound))
			s.echo.Add(method, hookPrefix+h.Name()+"/status", s.hook(h, s.takeStatus))
		}
	}
	// Of a gateway that is not set up nobody can prove to be the provider.
	for _, form := range hookForms {
		for _, method := range form.methods {
			if !set[form.gateway] {
				s.echo.Add(method, hookPrefix+form.gateway+"/inbound", refuseHook)
				s.echo.Add(method, hookPrefix+form.gateway+"/status", refuseHook)
			}
		}
	}
}

// refuseHook is the answer to what is not the provider's.
func refuseHook(c echo.Context) error { return c.NoContent(http.StatusForbidden) }

// hook reads a call and lets nobody but the provider through.
func (s *Server) hook(h httpsms.Hook, take func(context.Context, httpsms.Hook, *httpsms.Call) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		call, err := httpsms.ReadCall(c.Request(), s.opt.BaseURL)
		if err != nil {
			s.log.Debug("a call to a hook cannot be read", "gateway", h.Name(), "error", err)
			return c.NoContent(http.StatusBadRequest)
		}
		if !h.Genuine(call) {
			s.log.Warn("a call to a hook is not the provider's", "gateway", h.Name(), "address", c.RealIP())
			return c.NoContent(http.StatusForbidden)
		}
		if err := take(c.Request().Context(), h, call); err != nil {
			// The provider calls again later.
			s.log.Error("take a provider's call", "gateway", h.Name(), "error", err)
			return c.NoContent(http.StatusServiceUnavailable)
		}
		answer := h.Answer()
		if answer.Body == "" {
			return c.NoContent(answer.Status)
		}
		return c.Blob(answer.Status, answer.ContentType, []byte(answer.Body))
	}
}

// takeInbound stores a customer's text as it came before anything reads it. From
// then on it is ours: what goes wrong later is no reason to have it sent again.
func (s *Server) takeInbound(ctx context.Context, h httpsms.Hook, call *httpsms.Call) error {
	_, fresh, err := s.opt.Notifier.StoreRaw(ctx, httpsms.RawOf(h, call))
	if err != nil {
		return fmt.Errorf("store a text: %w", err)
	}
	if !fresh {
		return nil
	}
	if _, err := s.opt.Notifier.ProcessStored(ctx, s.opt.Parse); err != nil {
		s.log.Error("a text that was stored could not be placed yet", "gateway", h.Name(), "error", err)
	}
	return nil
}

// takeStatus takes in a delivery report. One that says nothing we know is let
// go: it would say the same again.
func (s *Server) takeStatus(ctx context.Context, h httpsms.Hook, call *httpsms.Call) error {
	report, err := h.Status(call)
	if err != nil {
		s.log.Warn("a delivery report says nothing", "gateway", h.Name(), "error", err)
		return nil
	}
	return s.opt.Notifier.Report(ctx, report)
}
