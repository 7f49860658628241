package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"neuvo/internal/fault"
)

// The header and its rules follow draft-ietf-httpapi-idempotency-key-header:
// the same key and body gets the stored answer, another body is refused with
// 422, a request that is still under way with 409.
const idempotencyHeader = "Idempotency-Key"

const (
	idempotencyLife = 24 * time.Hour
	// abandonedAfter is when a request that never ended is thought dead: longer
	// than any request may work.
	abandonedAfter = 2 * requestTime
	maxKeyLength   = 255
)

// idempotent answers a repeated POST of the API from what was stored for its
// key. Keys of different callers and of different calls do not meet.
func (s *Server) idempotent(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		given := c.Request().Header.Get(idempotencyHeader)
		if given == "" || c.Request().Method != http.MethodPost || !isAPI(c.Request().URL.Path) {
			return next(c)
		}
		if len(given) > maxKeyLength {
			e := fault.BadField("header."+idempotencyHeader, "validation.max_length", nil)
			e.Fields[0].Args = map[string]any{"arg": maxKeyLength}
			return e
		}
		body, _ := c.Get(bodyKey).([]byte)
		ctx := c.Request().Context()
		key, hash := s.scopedKey(c, given), fingerprint(c.Request().Header.Get(echo.HeaderContentType), body)
		stored, err := s.reserveKey(ctx, key, hash)
		if err != nil {
			return err
		}
		switch {
		case stored == nil:
			// A crash between the change and this answer's keeping must not make
			// a second change: the key travels to where it can be stored with it.
			ctx = context.WithValue(ctx, requestKey{}, hashed(key+hash))
			c.SetRequest(c.Request().WithContext(ctx))
			return s.firstTime(c, key, next)
		case stored.RequestHash != hash:
			return fault.BadField("header."+idempotencyHeader, "fault.idempotency_reused", given)
		case stored.Status == 0:
			e := fault.New(fault.Conflict, "fault.idempotency_running")
			e.RetryAfter = 1
			return e
		}
		return replay(c, stored)
	}
}

// requestKey is the context key of the name of an idempotent request.
type requestKey struct{}

// requestKeyOf gives the name of the idempotent request that is being answered,
// "" where the caller gave no key.
func requestKeyOf(ctx context.Context) string {
	name, _ := ctx.Value(requestKey{}).(string)
	return name
}

// scopedKey makes one key of who calls, what is called and the key given. It is
// a digest: the path may hold a secret token.
func (s *Server) scopedKey(c echo.Context, given string) string {
	who := "public"
	if staff := s.staff(c); staff != nil {
		who = strconv.FormatInt(staff.ID, 10)
	}
	return hashed(strings.Join([]string{who, c.Request().URL.Path, given}, "\n"))
}

// firstTime runs the call and keeps its answer where it is final: a failure of
// ours, a limit or a missing sign-in may end differently next time.
func (s *Server) firstTime(c echo.Context, key string, next echo.HandlerFunc) (err error) {
	rec := &recorder{ResponseWriter: c.Response().Writer}
	c.Response().Writer = rec
	kept := false
	defer func() {
		c.Response().Writer = rec.ResponseWriter
		if !kept {
			// The client may be gone; the key must be freed all the same.
			ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request().Context()), 5*time.Second)
			defer cancel()
			if err := s.releaseKey(ctx, key); err != nil {
				s.log.Error("free an idempotency key", "error", err)
			}
		}
	}()
	if err := next(c); err != nil {
		return err
	}
	res := c.Response()
	if !final(res.Status) {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request().Context()), 5*time.Second)
	defer cancel()
	err = s.keepAnswer(ctx, key, StoredAnswer{
		Status: res.Status, ContentType: res.Header().Get(echo.HeaderContentType),
		Location: res.Header().Get(echo.HeaderLocation), Body: rec.body.Bytes(),
	})
	if err != nil {
		// The answer is out already; the key stays reserved, which is the safe side.
		s.log.Error("keep an answer", "error", err)
	}
	kept = true
	return nil
}

func final(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusRequestTimeout, http.StatusTooManyRequests, statusClientGone:
		return false
	}
	return status >= 200 && status < 500
}

func replay(c echo.Context, stored *StoredAnswer) error {
	h := c.Response().Header()
	h.Set("Idempotency-Replayed", "true")
	if stored.Location != "" {
		h.Set(echo.HeaderLocation, stored.Location)
	}
	if len(stored.Body) == 0 {
		return c.NoContent(stored.Status)
	}
	return c.Blob(stored.Status, stored.ContentType, stored.Body)
}

// fingerprint tells bodies apart. A form of several parts is told by its parts:
// the boundary between them is drawn anew by every attempt (RFC 2046 section
// 5.1.1) and says nothing.
func fingerprint(contentType string, body []byte) string {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || kind != "multipart/form-data" {
		return hashed(string(body))
	}
	sum := sha256.New()
	parts := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return hex.EncodeToString(sum.Sum(nil))
		}
		if err != nil {
			return hashed(string(body)) // no form after all
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return hashed(string(body))
		}
		fmt.Fprintf(sum, "%q %q %q %d\n", part.FormName(), part.FileName(), part.Header.Get(echo.HeaderContentType), len(content))
		sum.Write(content)
	}
}

func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// recorder keeps a copy of what is answered.
type recorder struct {
	http.ResponseWriter
	body bytes.Buffer
}

// Write copies and passes on.
func (r *recorder) Write(b []byte) (int, error) {
	r.body.Write(b)
	return r.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
