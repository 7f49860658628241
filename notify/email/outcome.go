package email

import (
	"errors"
	"io"
	"net"
	"net/textproto"
	"os"
	"slices"
	"strings"
)

// reply takes the host's own answer out of an error; 0 where it gave none.
func reply(err error) (code int, text string) {
	if e, ok := errors.AsType[*textproto.Error](err); ok {
		return e.Code, strings.Join(strings.Fields(e.Msg), " ")
	}
	return 0, ""
}

// cause says in a few words why no answer came.
func cause(err error) string {
	var timeout net.Error
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, net.ErrClosed):
		return "no answer in time"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "it closed the connection"
	}
	return err.Error()
}

// beforeMail is a failure before a word about any message was said: worth
// another try whatever the host answered.
func beforeMail(what string, err error) error {
	code, text := reply(err)
	if code == 0 {
		text = cause(err)
	}
	return failure(true, false, code, what+": "+text, err)
}

// refused is a failure up to the final dot. The host's 5xx is final (RFC 5321
// section 4.2.1), except for those codes with which hosts ask for a sign-in (RFC
// 4954 section 6; some say 502 or 503): they are about our settings, not about
// the message. All else is worth another try.
func refused(what string, err error) error {
	code, text := reply(err)
	switch {
	case code == 0:
		return failure(true, false, 0, "the connection to the mail host broke off: "+cause(err), err)
	case slices.Contains([]int{502, 503, 530, 534, 535, 538}, code):
		return failure(true, false, code, "the mail host does not take messages with these settings: "+text, err)
	case code >= 500 && code < 600:
		return failure(false, false, code, "the mail host refused "+what+": "+text, err)
	}
	return failure(true, false, code, "the mail host refused "+what+" for now: "+text, err)
}

// afterDot is a failure after the whole message was written: without the host's
// answer it may well have the message.
func afterDot(err error) error {
	if code, _ := reply(err); code >= 400 {
		return refused("the message", err)
	}
	return failure(false, true, 0, "the message was handed over and no answer came: "+cause(err), err)
}
