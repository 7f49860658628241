package booking

import (
	"context"
	"fmt"

	"neuvo/internal/fault"
)

// HolidaysOf lists the public holidays of a workshop in a year, and on which of
// them it opens all the same.
func (d *Desk) HolidaysOf(ctx context.Context, shop *Workshop, year int) ([]Holiday, []HolidayOpening, error) {
	first := fmt.Sprintf("%04d-01-01", year)
	last := fmt.Sprintf("%04d-12-31", year)
	openings, err := all[HolidayOpening](ctx, d.db, "holiday openings", "date", "workshop_id = ? AND date >= ? AND date <= ?", shop.ID, first, last)
	return Holidays(shop.Country, shop.Region, shop.Holidays, year), openings, err
}

// OpenOnHoliday opens a workshop on a public holiday: with the weekday's hours
// where toMinute is 0, else with those given. Invalid for a date that is none.
func (d *Desk) OpenOnHoliday(ctx context.Context, workshopID int64, day string, fromMinute, toMinute int) error {
	shop, err := d.Workshop(ctx, workshopID)
	if err != nil {
		return err
	}
	at, err := parseDate(day)
	switch {
	case err != nil || holidayTable(shop.Country, shop.Region, shop.Holidays, at.Year())[at.number()] == "":
		return fault.BadField("body.date", "fault.no_holiday", day)
	case toMinute != 0 && (fromMinute < 0 || toMinute > 1440 || fromMinute >= toMinute || fromMinute%5 != 0 || toMinute%5 != 0):
		return fault.BadField("body.to", "fault.range_backwards", nil)
	}
	return d.db.Tx(ctx, func(ctx context.Context) error {
		return d.saveOpening(ctx, &HolidayOpening{WorkshopID: workshopID, Date: at.String(), FromMinute: fromMinute, ToMinute: toMinute})
	})
}

// CloseOnHoliday takes OpenOnHoliday back; doing it twice is harmless.
func (d *Desk) CloseOnHoliday(ctx context.Context, workshopID int64, day string) error {
	return d.db.Tx(ctx, func(ctx context.Context) error { return d.dropOpening(ctx, workshopID, day) })
}
