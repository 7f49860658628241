package loadtest

import (
	"testing"
	"time"

	"neuvo/booking"
)

// verify asks the database whether anything has been given twice, or half.
func (w *world) verify(t *testing.T, r race, total score) {
	t.Helper()
	t.Logf("seed %d: %d attempts: %d booked, %d held and booked, %d moved, %d cancelled, %d taken",
		r.Seed, r.Attempts, total.Booked, total.Held, total.Moved, total.Cancelled, total.Taken)
	if total.answers() != r.Attempts {
		t.Errorf("%d attempts have %d answers", r.Attempts, total.answers())
	}
	for i, wrong := range total.Wrong {
		if i == 20 {
			t.Errorf("and %d more", len(total.Wrong)-i)
			break
		}
		t.Error(wrong)
	}
	if total.Booked == 0 || total.Taken == 0 || total.Moved == 0 || total.Cancelled == 0 {
		t.Error("the race was none")
	}
	w.nothing(t, "an atom is claimed twice",
		`SELECT COUNT(*) FROM (SELECT resource_id, atom FROM claims GROUP BY resource_id, atom HAVING COUNT(*) > 1) twice`)
	w.nothing(t, "a claim is nobody's",
		`SELECT COUNT(*) FROM claims WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.id = claims.job_id AND jobs.closed_at IS NULL)`)
	w.nothing(t, "a hold was left behind", `SELECT COUNT(*) FROM holds WHERE ended_at IS NULL`)
	w.nothing(t, "a counter is beyond its capacity", `SELECT COUNT(*) FROM counters WHERE used > capacity OR desk > desk_capacity OR used < 0 OR desk < 0`)
	w.nothing(t, "a counter is not the sum of its takings",
		`SELECT COUNT(*) FROM counters WHERE used <> (SELECT COALESCE(SUM(used), 0) FROM takings
			WHERE takings.kind = counters.kind AND takings.owner_id = counters.owner_id AND takings.period = counters.period)`)
	w.nothing(t, "a taking is nobody's",
		`SELECT COUNT(*) FROM takings WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.id = takings.job_id AND jobs.closed_at IS NULL)`)
	w.nothing(t, "an advisor's jobs do not follow each other", overlapping("booked_with", reception))
	w.nothing(t, "a loaner is out twice", overlapping("loaner_id", "(jobs.end_at - jobs.start_at)"))
	w.complete(t)
}

// reception is how long a job takes its advisor, in microseconds, computed from
// its services and not from its claims.
const reception = `(SELECT SUM(s.reception_minutes) * 60000000 FROM job_services js JOIN services s ON s.id = js.service_id WHERE js.job_id = jobs.id)`

// overlapping counts pairs of open jobs of one owner that overlap.
func overlapping(owner, length string) string {
	one := `(SELECT id, ` + owner + ` AS owner, start_at AS from_at, start_at + ` + length + ` AS until_at FROM jobs WHERE closed_at IS NULL AND ` + owner + ` > 0)`
	return `SELECT COUNT(*) FROM ` + one + ` a JOIN ` + one + ` b ON a.owner = b.owner AND a.id < b.id AND a.from_at < b.until_at AND b.from_at < a.until_at`
}

// nothing fails where a count is above zero.
func (w *world) nothing(t *testing.T, what, query string) {
	t.Helper()
	var n int
	must(t, w.sql(t).QueryRowContext(t.Context(), query).Scan(&n))
	if n != 0 {
		t.Errorf("%s: %d times", what, n)
	}
}

// complete checks that every open job has all that its services need, no more,
// and at its time.
func (w *world) complete(t *testing.T) {
	t.Helper()
	services, err := w.desk.Services(t.Context(), w.shop)
	must(t, err)
	byID := map[int64]booking.Service{}
	for _, s := range services {
		byID[s.ID] = s
	}
	type run struct{ first, last, n int64 }
	has := map[int64]map[int64]run{} // by job and resource
	rows, err := w.sql(t).QueryContext(t.Context(), `SELECT job_id, resource_id, MIN(atom), MAX(atom), COUNT(*) FROM claims GROUP BY job_id, resource_id`)
	must(t, err)
	defer rows.Close()
	for rows.Next() {
		var job, resource int64
		var r run
		must(t, rows.Scan(&job, &resource, &r.first, &r.last, &r.n))
		if has[job] == nil {
			has[job] = map[int64]run{}
		}
		has[job][resource] = r
	}
	must(t, rows.Err())
	jobs := 0
	page := ""
	for {
		list, next, err := w.desk.Jobs(t.Context(), booking.JobFilter{WorkshopID: w.shop, OpenOnly: true, Limit: 100, Cursor: page})
		must(t, err)
		for i := range list {
			j := &list[i]
			jobs++
			reception, work, before, after := int64(0), int64(0), int64(0), int64(0)
			for _, js := range j.Services {
				s := byID[js.ServiceID]
				reception += int64(s.ReceptionMinutes) / 5
				work += int64(s.WorkMinutes) / 5
				before, after = max(before, int64(s.BufferBeforeMinutes)/5), max(after, int64(s.BufferAfterMinutes)/5)
			}
			at := j.StartAt.Unix() / 300
			want := map[int64]run{}
			advisor := run{at - before, at + reception - 1, 0}
			if j.Transport == "waiting" && work > 0 {
				want[j.BayID] = run{at + reception, at + reception + work + after - 1, 0}
			} else {
				advisor.last += after
			}
			want[j.BookedWith] = advisor
			if j.Transport == "loaner" {
				want[j.LoanerID] = run{at, at + int64(j.EndAt.Sub(j.StartAt.Time)/(5*time.Minute)) - 1, 0}
			}
			if len(has[j.ID]) != len(want) {
				t.Errorf("job %d (%s) has %v, want %v", j.ID, j.Transport, has[j.ID], want)
				continue
			}
			for resource, r := range want {
				r.n = r.last - r.first + 1
				if resource == 0 || has[j.ID][resource] != r {
					t.Errorf("job %d (%s) has %v of resource %d, want %v", j.ID, j.Transport, has[j.ID][resource], resource, r)
				}
			}
		}
		if page = next; next == "" {
			break
		}
	}
	if len(has) != jobs {
		t.Errorf("%d jobs are open and %d have claims", jobs, len(has))
	}
}
