package httpsms

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"neuvo/notify"
)

// outcome is how a failed call is to be acted on; the zero outcome is final.
type outcome struct {
	again, unknown bool
	after          time.Duration // not before this has passed; 0: the outbox's own pace
	optedOut       bool
}

// fail makes the typed failure. No secret of ours gets into it, whatever the
// provider repeated.
func (c *client) fail(o outcome, code, text string, err error) *notify.SendError {
	return &notify.SendError{
		Retryable: o.again, Unknown: o.unknown, RetryAfter: o.after, OptedOut: o.optedOut,
		Code: c.scrub(code), Text: c.scrub(text), Err: err,
	}
}

// scrub takes our secrets out of a text.
func (c *client) scrub(s string) string {
	for _, secret := range c.secrets {
		s = strings.ReplaceAll(s, secret, "…")
	}
	return s
}

// cut is a call that got no (whole) answer. Where the provider may have the
// request, nobody knows what became of it.
func (c *client) cut(taken bool, err error) *notify.SendError {
	// The request's address may hold a password: it is not told.
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	if taken {
		return c.fail(outcome{unknown: true}, "", "the text was handed to "+c.name+" and no clear answer came: "+cause(err), err)
	}
	return c.fail(outcome{again: true}, "", c.name+" cannot be reached: "+cause(err), err)
}

// unclear is an answer that says yes and cannot be read.
func (c *client) unclear(a answer) *notify.SendError {
	return c.fail(outcome{unknown: true}, "", c.name+" answered something that cannot be read: "+excerpt(a.body), nil)
}

// refused types an answer by its HTTP status alone (RFC 9110 section 15). What
// is about our settings is worth another try once they have been mended. A 500,
// 502 or 504 may come from something that stands before the provider's own
// program and has passed the text on.
func (c *client) refused(a answer, code, text string) *notify.SendError {
	if code == "" {
		code = strconv.Itoa(a.status)
	}
	if text == "" {
		text = strings.ToLower(http.StatusText(a.status))
	}
	switch s := a.status; {
	case s == http.StatusTooManyRequests, s == http.StatusServiceUnavailable, s == http.StatusRequestTimeout, s == http.StatusTooEarly:
		return c.fail(outcome{again: true, after: c.retryAfter(a)}, code, c.name+" refused the text for now: "+text, nil)
	case s >= 500:
		return c.fail(outcome{unknown: true}, code, c.name+" broke off over the text: "+text, nil)
	case s < 400, s == http.StatusUnauthorized, s == http.StatusPaymentRequired, s == http.StatusForbidden, s == http.StatusNotFound,
		s == http.StatusMethodNotAllowed, s == http.StatusProxyAuthRequired:
		return c.settings(code, text)
	}
	return c.final(code, text)
}

// settings is a refusal that is about us, not about the text.
func (c *client) settings(code, text string) *notify.SendError {
	return c.fail(outcome{again: true}, code, c.name+" does not take texts with these settings: "+text, nil)
}

// final is a refusal of this text, for good.
func (c *client) final(code, text string) *notify.SendError {
	return c.fail(outcome{}, code, c.name+" refused the text: "+text, nil)
}

// retryAfter reads the field of that name (RFC 9110 section 10.2.3), at most an
// hour.
func (c *client) retryAfter(a answer) time.Duration {
	value := strings.TrimSpace(a.header.Get("Retry-After"))
	wait := time.Duration(0)
	if seconds, err := strconv.Atoi(value); err == nil {
		wait = time.Duration(min(seconds, 3600)) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		wait = at.Sub(a.now(c.opt.Now()))
	}
	return min(max(wait, 0), time.Hour)
}

// cause says in a few words why no answer came.
func cause(err error) string {
	var timeout net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return "the call was broken off"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "no answer in time"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "it takes no connections"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "it closed the connection"
	}
	return excerpt([]byte(err.Error()))
}

// excerpt is the beginning of what a provider said, in one line.
func excerpt(body []byte) string {
	const most = 200
	s := strings.Join(strings.Fields(strings.ToValidUTF8(string(body[:min(len(body), 4*most)]), "")), " ")
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return s
}
