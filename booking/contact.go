package booking

import (
	"errors"
	"net/mail"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"

	"neuvo/internal/fault"
	"neuvo/templates"
)

// Longest values that people may give, in characters.
const (
	maxName  = 100
	maxNote  = 2000
	maxEmail = 254 // RFC 5321 section 4.5.3.1.3, less the angle brackets
	maxPlate = 16
	maxModel = 60
	maxKM    = 5_000_000
)

// Why a phone number is refused.
var (
	errPhoneInvalid = errors.New("not a valid phone number")
	errPhoneFixed   = errors.New("not a mobile number")
)

// NormalizePhone makes E.164 of a number as people write it, read in a country
// (ISO 3166-1 alpha-2). It must be valid and able to get texts.
func NormalizePhone(raw, country string) (e164 string, err error) {
	number, err := parsePhone(raw, country)
	if err != nil {
		return "", err
	}
	switch phonenumbers.GetNumberType(number) {
	case phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE:
		return phonenumbers.Format(number, phonenumbers.E164), nil
	}
	return "", errPhoneFixed
}

// normalizeAnyPhone is NormalizePhone for a number that is only called.
func normalizeAnyPhone(raw, country string) (string, error) {
	number, err := parsePhone(raw, country)
	if err != nil {
		return "", err
	}
	return phonenumbers.Format(number, phonenumbers.E164), nil
}

func parsePhone(raw, country string) (*phonenumbers.PhoneNumber, error) {
	if len(raw) > 40 {
		return nil, errPhoneInvalid
	}
	number, err := phonenumbers.Parse(raw, country)
	if err != nil || !phonenumbers.IsValidNumber(number) || number.GetExtension() != "" {
		return nil, errPhoneInvalid
	}
	return number, nil
}

// phoneField is the fault of a phone number at a location.
func phoneField(location, raw string, err error) fault.Field {
	key := "fault.phone_invalid"
	if errors.Is(err, errPhoneFixed) {
		key = "fault.phone_not_mobile"
	}
	return fault.Field{Location: location, Key: key, Value: raw}
}

// invalid makes one error of all wrong fields; nil where there are none.
func invalid(fields []fault.Field) error {
	if len(fields) == 0 {
		return nil
	}
	e := fault.New(fault.Invalid, "fault.invalid")
	e.Fields = fields
	return e
}

// checker gathers the wrong fields of a request.
type checker struct{ bad []fault.Field }

func (c *checker) fail(location, key string, value any) *fault.Field {
	c.bad = append(c.bad, fault.Field{Location: location, Key: key, Value: value})
	return &c.bad[len(c.bad)-1]
}

// line checks one line of text and returns it without spaces around.
func (c *checker) line(location, s string, longest int, required bool) string {
	s = strings.TrimSpace(s)
	switch {
	case s == "" && required:
		c.fail(location, "fault.required", nil)
	case !clean(s, false):
		c.fail(location, "fault.characters", nil)
	case utf8.RuneCountInString(s) > longest:
		c.fail(location, "fault.too_long", nil).Args = map[string]any{"max": longest}
	}
	return s
}

// text checks text of several lines.
func (c *checker) text(location, s string, longest int, required bool) string {
	s = strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n"))
	switch {
	case s == "" && required:
		c.fail(location, "fault.required", nil)
	case !clean(s, true):
		c.fail(location, "fault.characters", nil)
	case utf8.RuneCountInString(s) > longest:
		c.fail(location, "fault.too_long", nil).Args = map[string]any{"max": longest}
	}
	return s
}

// clean tells whether text has no control characters, which neither a text nor
// a database has a place for.
func clean(s string, lines bool) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && !(lines && (r == '\n' || r == '\t'))
	})
}

// email checks an address and gives it in lower case.
func (c *checker) email(location, s string) string {
	s = strings.TrimSpace(s)
	if s == "" {
		return ""
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || len(s) > maxEmail || !clean(s, false) || !strings.Contains(s[strings.LastIndexByte(s, '@'):], ".") {
		c.fail(location, "fault.email_invalid", s)
		return ""
	}
	return strings.ToLower(s)
}

// contact checks what a customer gave. Online a phone is required: it is how
// the visit is confirmed. The desk may leave it out.
func (c *checker) contact(in ContactInput, shop *Workshop, online bool) ContactInput {
	out := ContactInput{
		Name:   c.line("body.customer.name", in.Name, maxName, true),
		Email:  c.email("body.customer.email", in.Email),
		Locale: in.Locale,
	}
	switch raw := strings.TrimSpace(in.Phone); {
	case raw != "" && shop.Country == "": // cannot be told before its country
	case raw != "":
		var err error
		if out.Phone, err = NormalizePhone(raw, shop.Country); err != nil {
			c.bad = append(c.bad, phoneField("body.customer.phone", raw, err))
		}
	case online:
		c.fail("body.customer.phone", "fault.required", nil)
	}
	if out.Locale == "" {
		out.Locale = shop.Locale
	}
	if !slices.Contains(templates.Locales, out.Locale) {
		c.fail("body.customer.locale", "fault.locale_unknown", in.Locale).Args = map[string]any{"locales": strings.Join(templates.Locales, ", ")}
	}
	return out
}

// vehicle checks what was given about a vehicle; nil where there is none.
func (c *checker) vehicle(in *VehicleInput) *VehicleInput {
	if in == nil || *in == (VehicleInput{}) {
		return nil
	}
	out := c.vehicleFields("body.vehicle.", *in, true)
	out.VIN = c.vin("body.vehicle.vin", in.VIN)
	return out
}

// vehicleFields checks what is said about a vehicle but for its VIN.
func (c *checker) vehicleFields(at string, in VehicleInput, plate bool) *VehicleInput {
	out := &VehicleInput{
		Plate:   strings.ToUpper(c.line(at+"plate", in.Plate, maxPlate, plate)),
		Make:    c.line(at+"make", in.Make, maxModel, false),
		Model:   c.line(at+"model", in.Model, maxModel, false),
		Mileage: in.Mileage,
	}
	if in.Mileage < 0 || in.Mileage > maxKM {
		c.fail(at+"mileage", "fault.mileage", in.Mileage).Args = map[string]any{"max": maxKM}
	}
	if out.Plate != "" && PlateKey(out.Plate) == "" {
		c.fail(at+"plate", "fault.characters", in.Plate)
	}
	return out
}

// firstName is how a customer is addressed.
func firstName(name string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(name), " ")
	return first
}
