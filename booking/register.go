package booking

import (
	"context"
	"errors"
)

// VehicleFacts is what a plate register knows of a vehicle; what it does not
// know is empty.
type VehicleFacts struct {
	Plate        string
	VIN          string
	Make         string
	Model        string
	FirstUsed    string // YYYY-MM-DD
	Colour       string
	Fuel         string
	InspectionBy string // YYYY-MM-DD, the next periodic inspection
}

// PlateRegister looks vehicles up by their plate in a country (ISO 3166-1
// alpha-2). Its errors wrap one of those below, or the context's.
type PlateRegister interface {
	Lookup(ctx context.Context, country, plate string) (VehicleFacts, error)
}

// Why a look-up gives nothing.
var (
	ErrPlateUnknown        = errors.New("the register knows no such plate")
	ErrPlateInvalid        = errors.New("the register takes this for no plate")
	ErrRegisterCountry     = errors.New("the register is of another country")
	ErrRegisterRefused     = errors.New("the register refuses the key")
	ErrRegisterBusy        = errors.New("the register wants fewer questions")
	ErrRegisterUnavailable = errors.New("the register does not answer")
)
