package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// problemsOf lists the statuses that a call may be refused with, beside 500.
func problemsOf(who access, method, path string) []int {
	var all []int
	if !safe(method) && method != http.MethodDelete {
		all = append(all, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	if who != forAll {
		all = append(all, http.StatusUnauthorized, http.StatusForbidden)
	}
	if strings.Contains(path, "{") {
		all = append(all, http.StatusNotFound)
	}
	if !safe(method) {
		all = append(all, http.StatusConflict)
		if who == forAll {
			all = append(all, http.StatusTooManyRequests)
		}
	}
	return append(all, http.StatusUnprocessableEntity)
}

// problemWords say what each refusal means; the library knows only the names of
// the statuses.
var problemWords = map[int]string{
	http.StatusBadRequest:            "The body is no JSON.",
	http.StatusUnauthorized:          "No token or session, or one that is not known. `WWW-Authenticate` says how to come back.",
	http.StatusForbidden:             "You are known, and this is not for your role.",
	http.StatusNotFound:              "Unknown, of another workshop, or a token that has expired.",
	http.StatusConflict:              "What stands now does not allow it: `type` says why. Where it ends in `slot-taken`, `hold-expired` or `hold-used`, `alternatives` holds the nearest free starts.",
	http.StatusRequestEntityTooLarge: "The body is too large.",
	http.StatusUnsupportedMediaType:  "The body is no JSON by its Content-Type.",
	http.StatusUnprocessableEntity:   "`errors` names each wrong input by its place, in the reader's language.",
	http.StatusTooManyRequests:       "Too many posts from this address or about this phone. `Retry-After` says in how many seconds to come back.",
	http.StatusInternalServerError:   "Our mistake; it is in the log.",
}

// nameProblems puts the words and the headers of the refusals into the
// description of a call that has been registered.
func nameProblems(responses map[string]*huma.Response) {
	header := func(words string) *huma.Param {
		return &huma.Param{Description: words, Schema: &huma.Schema{Type: huma.TypeString}}
	}
	if invalid := responses[strconv.Itoa(http.StatusUnprocessableEntity)]; invalid != nil {
		responses["default"] = &huma.Response{Description: "Any other problem.", Content: invalid.Content}
	}
	for status, words := range problemWords {
		r := responses[strconv.Itoa(status)]
		if r == nil {
			continue
		}
		r.Description = words
		switch status {
		case http.StatusUnauthorized:
			r.Headers = map[string]*huma.Param{"WWW-Authenticate": header("Bearer")}
		case http.StatusTooManyRequests:
			r.Headers = map[string]*huma.Param{"Retry-After": header("seconds")}
		}
	}
}
