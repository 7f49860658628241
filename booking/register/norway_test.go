package register

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"neuvo/booking"
)

// serve is a register in the real one's shape.
func serve(t *testing.T, f http.HandlerFunc) *Norway {
	t.Helper()
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	return NewNorway(NorwayOptions{Key: "the-key", URL: s.URL + "/enkeltoppslag/kjoretoydata", Timeout: 5 * time.Second})
}

func TestAVehicleIsReadAsTheRegisterAnswers(t *testing.T) {
	raw, err := os.ReadFile("testdata/norway.json")
	if err != nil {
		t.Fatal(err)
	}
	var asked *http.Request
	n := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked = r
		w.Header().Set("Content-Type", "application/json")
		w.Write(raw)
	})
	got, err := n.Lookup(t.Context(), "NO", "ek 39085")
	if err != nil {
		t.Fatal(err)
	}
	want := booking.VehicleFacts{
		Plate: "EK 39085", VIN: "WVWZZZAUZH8950429", Make: "VOLKSWAGEN", Model: "GOLF", FirstUsed: "2017-06-06", Colour: "Grå",
		Fuel: "Elektrisk", InspectionBy: "2023-05-31",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if asked.URL.String() != "/enkeltoppslag/kjoretoydata?kjennemerke=EK39085" || asked.Header.Get("SVV-Authorization") != "Apikey the-key" {
		t.Errorf("asked %s with %q", asked.URL, asked.Header.Get("SVV-Authorization"))
	}
}

func TestEveryRefusalIsToldApart(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		want   error
	}{
		"an unknown plate":          {204, "", booking.ErrPlateUnknown},
		"an unknown plate, by name": {404, `{"feilmelding":"x"}`, booking.ErrPlateUnknown},
		"an empty list":             {200, `{"kjoretoydataListe":[]}`, booking.ErrPlateUnknown},
		"no plate at all":           {400, "", booking.ErrPlateInvalid},
		"a wrong key":               {403, "", booking.ErrRegisterRefused},
		"no key":                    {401, "", booking.ErrRegisterRefused},
		"too many questions":        {429, "", booking.ErrRegisterBusy},
		"a fault of theirs":         {500, "", booking.ErrRegisterUnavailable},
		"a redirect":                {302, "", booking.ErrRegisterUnavailable},
		"no JSON":                   {200, "<html>", booking.ErrRegisterUnavailable},
		"an endless answer":         {200, strings.Repeat(" ", maxAnswer+2), booking.ErrRegisterUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			n := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, "/elsewhere") {
					t.Error("the key was carried elsewhere")
				}
				if c.status == 302 {
					w.Header().Set("Location", "/elsewhere")
				}
				w.WriteHeader(c.status)
				w.Write([]byte(c.body))
			})
			_, err := n.Lookup(t.Context(), "NO", "EK39085")
			if !errors.Is(err, c.want) || strings.Contains(err.Error(), "the-key") {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
}

func TestARegisterThatHangsIsGivenUp(t *testing.T) {
	release := make(chan struct{})
	n := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	defer close(release)
	n.client.Timeout = 20 * time.Millisecond
	if _, err := n.Lookup(t.Context(), "NO", "EK39085"); !errors.Is(err, booking.ErrRegisterUnavailable) {
		t.Errorf("it ends with %v", err)
	}
	n.client.Timeout = time.Minute
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := n.Lookup(ctx, "NO", "EK39085"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the caller's patience ends with %v", err)
	}
}

func TestWhatIsNoNorwegianPlateIsNotAsked(t *testing.T) {
	n := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("it was asked") })
	for _, c := range []struct {
		country, plate string
		want           error
	}{{"FI", "ABC-123", booking.ErrRegisterCountry}, {"NO", "-- --", booking.ErrPlateInvalid}, {"NO", "ABCDEFGHIJKL", booking.ErrPlateInvalid}} {
		if _, err := n.Lookup(t.Context(), c.country, c.plate); !errors.Is(err, c.want) {
			t.Errorf("%s %s: %v", c.country, c.plate, err)
		}
	}
	if NewNorway(NorwayOptions{}) != nil {
		t.Error("without a key there is a register")
	}
}
