package register

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"neuvo/booking"
)

// NorwayURL is the single look-up of technical vehicle data of Statens vegvesen,
// the Norwegian Public Roads Administration. A key is given out to anyone who
// asks for one; it holds no data about owners.
const NorwayURL = "https://www.vegvesen.no/ws/no/vegvesen/kjoretoy/felles/datautlevering/enkeltoppslag/kjoretoydata"

// Norway asks the Norwegian register.
type Norway struct {
	key    string
	url    string
	client *http.Client
}

// NorwayOptions for NewNorway.
type NorwayOptions struct {
	Key     string
	URL     string        // NorwayURL where empty
	Timeout time.Duration // of one look-up; 5 seconds where zero
}

// maxAnswer bounds what is read of an answer; a real one has some 24 kB.
const maxAnswer = 1 << 20

// NewNorway makes the adapter; nil without a key.
func NewNorway(opt NorwayOptions) *Norway {
	if opt.Key == "" {
		return nil
	}
	if opt.URL == "" {
		opt.URL = NorwayURL
	}
	if opt.Timeout == 0 {
		opt.Timeout = 5 * time.Second
	}
	return &Norway{key: opt.Key, url: opt.URL, client: &http.Client{
		Timeout:       opt.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Lookup implements booking.PlateRegister.
func (n *Norway) Lookup(ctx context.Context, country, plate string) (booking.VehicleFacts, error) {
	if country != "NO" {
		return booking.VehicleFacts{}, booking.ErrRegisterCountry
	}
	key := booking.PlateKey(plate)
	if key == "" || len(key) > 10 {
		return booking.VehicleFacts{}, booking.ErrPlateInvalid
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, n.url+"?"+url.Values{"kjennemerke": {key}}.Encode(), nil)
	if err != nil {
		return booking.VehicleFacts{}, fmt.Errorf("ask the Norwegian register: %w", err)
	}
	req.Header.Set("SVV-Authorization", "Apikey "+n.key)
	req.Header.Set("Accept", "application/json")
	res, err := n.client.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return booking.VehicleFacts{}, fmt.Errorf("ask the Norwegian register: %w", ctx.Err())
		}
		return booking.VehicleFacts{}, fmt.Errorf("ask the Norwegian register: %w: %w", booking.ErrRegisterUnavailable, err)
	}
	defer res.Body.Close()
	if err := refusal(res.StatusCode); err != nil {
		return booking.VehicleFacts{}, err
	}
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err == nil && len(raw) > maxAnswer {
		err = errors.New("the answer is too long")
	}
	if err != nil {
		return booking.VehicleFacts{}, fmt.Errorf("read the Norwegian register: %w: %w", booking.ErrRegisterUnavailable, err)
	}
	return readNorway(raw)
}

// refusal makes an error of the status of an answer; nil where it is one.
func refusal(status int) error {
	why := booking.ErrRegisterUnavailable
	switch status {
	case http.StatusOK:
		return nil
	case http.StatusNoContent, http.StatusNotFound: // an unknown plate is answered with nothing
		why = booking.ErrPlateUnknown
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		why = booking.ErrPlateInvalid
	case http.StatusUnauthorized, http.StatusForbidden:
		why = booking.ErrRegisterRefused
	case http.StatusTooManyRequests:
		why = booking.ErrRegisterBusy
	}
	return fmt.Errorf("the Norwegian register answers %d: %w", status, why)
}

// code is how the register writes most of its values.
type code struct {
	Name  string `json:"kodeNavn"`
	Value string `json:"kodeVerdi"`
}

// norwayAnswer is the part of an answer that we read, under its own names.
type norwayAnswer struct {
	Error    string `json:"feilmelding"`
	Vehicles []struct {
		ID struct {
			Plate string `json:"kjennemerke"`
			VIN   string `json:"understellsnummer"`
		} `json:"kjoretoyId"`
		First struct {
			Norway string `json:"registrertForstegangNorgeDato"`
		} `json:"forstegangsregistrering"`
		Approval struct {
			First struct {
				Date string `json:"forstegangRegistrertDato"`
			} `json:"forstegangsGodkjenning"`
			Technical struct {
				Data norwayData `json:"tekniskeData"`
			} `json:"tekniskGodkjenning"`
		} `json:"godkjenning"`
		Inspection struct {
			Due string `json:"kontrollfrist"`
		} `json:"periodiskKjoretoyKontroll"`
	} `json:"kjoretoydataListe"`
}

// norwayData is the technical part.
type norwayData struct {
	General struct {
		Makes []struct {
			Name string `json:"merke"`
		} `json:"merke"`
		Models []string `json:"handelsbetegnelse"`
	} `json:"generelt"`
	Body struct {
		Colours []code `json:"rFarge"`
	} `json:"karosseriOgLasteplan"`
	Environment struct {
		Groups []struct {
			Fuel code `json:"drivstoffKodeMiljodata"`
		} `json:"miljoOgdrivstoffGruppe"`
	} `json:"miljodata"`
}

// readNorway takes the facts out of an answer.
func readNorway(raw []byte) (booking.VehicleFacts, error) {
	var answer norwayAnswer
	if err := json.Unmarshal(raw, &answer); err != nil {
		return booking.VehicleFacts{}, fmt.Errorf("read the Norwegian register: %w: %w", booking.ErrRegisterUnavailable, err)
	}
	if len(answer.Vehicles) == 0 {
		return booking.VehicleFacts{}, booking.ErrPlateUnknown
	}
	v := answer.Vehicles[0]
	data := v.Approval.Technical.Data
	facts := booking.VehicleFacts{
		Plate: v.ID.Plate, FirstUsed: dateOnly(v.Approval.First.Date), InspectionBy: dateOnly(v.Inspection.Due),
	}
	if facts.FirstUsed == "" {
		facts.FirstUsed = dateOnly(v.First.Norway)
	}
	// Vehicles older than 1981 have chassis numbers that are no VIN.
	if vin, ok := booking.NormalizeVIN(v.ID.VIN); ok {
		facts.VIN = vin
	}
	if len(data.General.Makes) > 0 {
		facts.Make = strings.TrimSpace(data.General.Makes[0].Name)
	}
	if len(data.General.Models) > 0 {
		facts.Model = strings.TrimSpace(data.General.Models[0])
	}
	if len(data.Body.Colours) > 0 {
		facts.Colour = data.Body.Colours[0].Name
	}
	if len(data.Environment.Groups) > 0 {
		facts.Fuel = data.Environment.Groups[0].Fuel.Name
	}
	return facts, nil
}

// dateOnly gives the date of what may be an instant; "" for anything else.
func dateOnly(s string) string {
	if len(s) < len(time.DateOnly) {
		return ""
	}
	if _, err := time.Parse(time.DateOnly, s[:len(time.DateOnly)]); err != nil {
		return ""
	}
	return s[:len(time.DateOnly)]
}
