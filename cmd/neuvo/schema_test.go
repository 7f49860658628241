package main

import (
	"slices"
	"sync"
	"testing"

	"gorm.io/gorm/schema"

	"neuvo/booking"
	"neuvo/internal/auth"
	"neuvo/internal/db"
	"neuvo/internal/dbtest"
	"neuvo/internal/web"
	"neuvo/notify"
	"neuvo/survey"
)

// models are all structs that are rows. A table without one here fails the test.
var models = []any{
	db.Setting{}, db.Lease{},
	auth.Staff{}, auth.Token{}, auth.Session{},
	web.StoredAnswer{},
	booking.Workshop{}, booking.Service{}, booking.Resource{}, booking.Advisor{}, booking.Hours{}, booking.Closure{},
	booking.Absence{}, booking.Customer{}, booking.Vehicle{}, booking.Job{}, booking.JobService{}, booking.Hold{},
	booking.Claim{}, booking.JobEvent{}, booking.Attention{}, booking.Promise{}, booking.Code{},
	booking.WaitEntry{}, booking.CalendarFeed{},
	booking.HolidayOpening{}, booking.TimeOffer{}, booking.KeptRisk{}, booking.SettingsEntry{},
	booking.Mileage{}, booking.Estimate{}, booking.EstimateLine{}, booking.Photo{},
	booking.Pool{}, booking.PoolDate{}, booking.TransportLimit{}, booking.Counter{}, booking.Taking{}, booking.Mark{}, booking.CatalogueMark{},
	notify.Tuning{}, booking.OwnText{}, booking.ShortLink{},
	notify.Conversation{}, notify.Participant{}, notify.Message{}, notify.MessageState{}, notify.Mailbox{}, notify.Inbound{},
	notify.MessageAttachment{}, notify.MessageReport{}, notify.Consent{}, notify.GatewayOptOut{},
	survey.Survey{}, survey.Answer{}, survey.Press{}, survey.Case{},
	notify.NumberPair{}, notify.ThreadCode{}, booking.ContactPoint{},
	notify.InboundFile{}, notify.SourceCount{},
}

func TestEveryModelHasItsColumnsAndEveryColumnItsModel(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		want := map[string][]string{"goose_db_version": nil}
		for _, model := range models {
			s, err := schema.Parse(model, &sync.Map{}, schema.NamingStrategy{})
			if err != nil {
				t.Fatal(err)
			}
			want[s.Table] = slices.Sorted(slices.Values(s.DBNames))
		}
		have := columns(t, d)
		for table, names := range have {
			expected, known := want[table]
			switch {
			case !known:
				t.Errorf("table %s has no model", table)
			case expected != nil && !slices.Equal(expected, names):
				t.Errorf("table %s has columns %v, its model has %v", table, names, expected)
			}
		}
		for table := range want {
			if have[table] == nil {
				t.Errorf("the model of table %s has no table", table)
			}
		}
	})
}

// columns reads the database's own account of its tables, names sorted.
func columns(t *testing.T, d *db.DB) map[string][]string {
	t.Helper()
	query := `SELECT m.name AS table_name, c.name AS column_name FROM sqlite_master m, pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'`
	if d.Dialect == db.Postgres {
		query = `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'`
	}
	var rows []struct{ TableName, ColumnName string }
	if err := d.In(t.Context()).Raw(query).Scan(&rows).Error; err != nil {
		t.Fatal(err)
	}
	have := map[string][]string{}
	for _, r := range rows {
		have[r.TableName] = append(have[r.TableName], r.ColumnName)
	}
	for _, names := range have {
		slices.Sort(names)
	}
	return have
}

func TestBothDialectsHaveTheSameTablesAndColumns(t *testing.T) {
	lite, pg := columns(t, dbtest.SQLite(t)), columns(t, dbtest.Postgres(t))
	for table, names := range lite {
		if !slices.Equal(names, pg[table]) {
			t.Errorf("%s: SQLite has %v, PostgreSQL %v", table, names, pg[table])
		}
	}
	if len(lite) != len(pg) {
		t.Errorf("SQLite has %d tables, PostgreSQL %d", len(lite), len(pg))
	}
}
