package booking_test

import (
	"slices"
	"strings"
	"testing"

	"neuvo/booking"
	"neuvo/internal/fault"
)

func TestAVINIsReadAsDocumentsWriteIt(t *testing.T) {
	for raw, want := range map[string]string{
		"1HGCM82633A004352": "1HGCM82633A004352", "wvwzzzauzh8950429": "WVWZZZAUZH8950429", " YV1 SW58-D932005423 ": "YV1SW58D932005423",
	} {
		if got, ok := booking.NormalizeVIN(raw); !ok || got != want {
			t.Errorf("%q is %q, %v", raw, got, ok)
		}
	}
	for name, raw := range map[string]string{
		"16 characters": "1HGCM82633A00435", "18 characters": "1HGCM82633A0043521", "an I": "1HGCM82633A00435I", "an O": "OHGCM82633A004352",
		"a Q": "1HGCM8Q633A004352", "an umlaut": "1HGCM82633A0043ÄÄ", "nothing": "",
	} {
		if got, ok := booking.NormalizeVIN(raw); ok {
			t.Errorf("%s: %q was taken", name, got)
		}
	}
}

func TestTheCheckDigitCountsInNorthAmericaOnly(t *testing.T) {
	for vin, doubtful := range map[string]bool{
		"1HGCM82633A004352": false, "1HGCM82633A004353": true, // made in the United States
		"11111111111111111": false, "1M8GDM9AXKP042788": false, // the check digit X
		"WVWZZZAUZH8950429": false, // Germany has none
	} {
		if got := booking.VINDoubtful(vin); got != doubtful {
			t.Errorf("%s doubtful: %v", vin, got)
		}
	}
}

func (w *world) setVehicle(j *booking.Job, u booking.VehicleUpdate) []string {
	w.Helper()
	warnings, err := w.desk.SetVehicle(w.Context(), j.ID, u, w.staff())
	w.ok(err)
	return warnings
}

func (w *world) vehicle(j *booking.Job) *booking.Vehicle {
	w.Helper()
	now, err := w.desk.Job(w.Context(), j.ID)
	w.ok(err)
	return now.Vehicle
}

func TestAMileageNeverFallsInSilence(t *testing.T) {
	each(t, func(w *world) {
		first := w.book("2026-11-23 10:00") // told: 81000 km
		second := w.book("2026-11-24 10:00")
		if warnings := w.setVehicle(second, booking.VehicleUpdate{Mileage: 82000}); warnings != nil {
			w.Errorf("a rising mileage warns of %v", warnings)
		}
		w.clock.advance(1e9)
		third := w.book("2026-11-25 10:00")
		if warnings := w.setVehicle(third, booking.VehicleUpdate{Mileage: 8200}); !slices.Equal(warnings, []string{booking.WarnMileage}) {
			w.Errorf("a falling mileage warns of %v", warnings)
		}
		items, err := w.desk.Timeline(w.Context(), third.ID)
		w.ok(err)
		if !slices.ContainsFunc(items, func(i booking.TimelineItem) bool {
			return i.Kind == booking.EventNote && strings.Contains(i.Body, "8200") && strings.Contains(i.Body, "82000")
		}) {
			w.Errorf("no note about it in %+v", items)
		}
		if w.vehicle(third).Mileage != 8200 || w.vehicle(first).ID != w.vehicle(third).ID {
			w.Errorf("the vehicle is %+v", w.vehicle(third))
		}
		visits, err := w.desk.VehicleHistory(w.Context(), w.vehicle(first).ID, w.shop.ID, 0)
		w.ok(err)
		var km []int
		for _, v := range visits {
			km = append(km, v.Kilometres)
		}
		// What was told when booking the third visit was read over.
		if !slices.Equal(km, []int{8200, 82000, 81000}) {
			w.Errorf("the history reads %v", km)
		}
	})
}

func TestAPlateThatChangedHandsIsAnotherVehicle(t *testing.T) {
	each(t, func(w *world) {
		before := w.book("2026-11-23 10:00")
		r := w.request("2026-11-24 10:00")
		r.Customer, r.Vehicle.Plate = booking.ContactInput{Name: "Uusi Omistaja", Phone: "0407654321", Locale: "fi"}, "ABC 123"
		after, err := w.desk.Book(w.Context(), r)
		w.ok(err)
		if before.VehicleID == after.VehicleID {
			w.Fatal("two owners have one vehicle")
		}
		found, err := w.desk.Vehicles(w.Context(), booking.VehicleFilter{Plate: "abc-123"})
		w.ok(err)
		all, err := w.desk.VehicleHistory(w.Context(), after.VehicleID, 0, 0)
		w.ok(err)
		own, err := w.desk.OwnVehicleHistory(w.Context(), after, 0)
		w.ok(err)
		if len(found) != 2 || len(all) != 2 || len(own) != 1 || own[0].Job.ID != after.ID {
			w.Errorf("%d vehicles, %d visits for the staff, %d for the customer", len(found), len(all), len(own))
		}
		// Two chassis under one plate are two vehicles.
		w.setVehicle(before, booking.VehicleUpdate{VIN: "WVWZZZAUZH8950429"})
		w.setVehicle(after, booking.VehicleUpdate{VIN: "YV1SW58D932005423"})
		if all, err = w.desk.VehicleHistory(w.Context(), after.VehicleID, 0, 0); err != nil || len(all) != 1 {
			w.Errorf("with VINs of their own %d visits, %v", len(all), err)
		}
		elsewhere, err := w.desk.VehicleHistory(w.Context(), after.VehicleID, 999, 0)
		if len(elsewhere) != 0 || err != nil {
			w.Errorf("another workshop sees %d, %v", len(elsewhere), err)
		}
	})
}

func TestAVehicleOfAJobIsMended(t *testing.T) {
	w := onSQLite(t)
	j := w.book("2026-11-23 10:00")
	if warnings := w.setVehicle(j, booking.VehicleUpdate{VIN: "1hgcm82633a004353", Model: "V90"}); !slices.Equal(warnings, []string{booking.WarnVIN}) {
		t.Errorf("a slip in the VIN warns of %v", warnings)
	}
	if v := w.vehicle(j); v.VIN != "1HGCM82633A004353" || v.Model != "V90" || v.Make != "Volvo" || v.Plate != "ABC-123" {
		t.Errorf("the vehicle is %+v", v)
	}
	for name, u := range map[string]booking.VehicleUpdate{
		"a VIN of words": {VIN: "I do not know it"}, "a mileage below nothing": {Mileage: -1}, "a plate of dashes": {Plate: "---"},
	} {
		if _, err := w.desk.SetVehicle(t.Context(), j.ID, u, w.staff()); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	r := w.request("2026-11-23 12:00")
	r.Vehicle = nil
	bare, err := w.desk.Book(t.Context(), r)
	w.ok(err)
	if _, err := w.desk.SetVehicle(t.Context(), bare.ID, booking.VehicleUpdate{Make: "Saab"}, w.staff()); !fault.Is(err, fault.Invalid) {
		t.Errorf("a vehicle without a plate: %v", err)
	}
	w.setVehicle(bare, booking.VehicleUpdate{Plate: "abc 123"})
	if w.vehicle(bare).ID != j.VehicleID {
		t.Error("the customer's known plate made a second vehicle")
	}
	w.setVehicle(bare, booking.VehicleUpdate{Plate: "xyz-9"})
	if v := w.vehicle(bare); v.Plate != "XYZ-9" || v.ID != j.VehicleID {
		t.Errorf("a new plate on the same vehicle is %+v", v)
	}
}
