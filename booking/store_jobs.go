package booking

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"neuvo/internal/db"
	"neuvo/internal/fault"
)

// errNameUsed means that a reference or token has been drawn before, or that
// the request has made its job meanwhile.
var errNameUsed = errors.New("reference, token or request key in use")

// fill loads what stands beside jobs: at most six queries, however many jobs.
func (d *Desk) fill(ctx context.Context, jobs []Job) error {
	if len(jobs) == 0 {
		return nil
	}
	var ids, shopIDs, customerIDs, vehicleIDs, advisorIDs []int64
	for i := range jobs {
		j := &jobs[i]
		ids = append(ids, j.ID)
		shopIDs = append(shopIDs, j.WorkshopID)
		customerIDs = append(customerIDs, j.CustomerID)
		vehicleIDs = append(vehicleIDs, j.VehicleID)
		advisorIDs = append(advisorIDs, j.BookedWith, j.ReceivedBy)
	}
	shops, err1 := all[Workshop](ctx, d.db, "workshops", "", "id IN ?", unique(shopIDs))
	customers, err2 := all[Customer](ctx, d.db, "customers", "", "id IN ?", unique(customerIDs))
	vehicles, err3 := all[Vehicle](ctx, d.db, "vehicles", "", "id IN ?", unique(vehicleIDs))
	advisors, err4 := all[Advisor](ctx, d.db, "advisors", "", "id IN ?", unique(advisorIDs))
	services, err5 := all[JobService](ctx, d.db, "job services", "job_id, position", "job_id IN ?", ids)
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		return err
	}
	serviceIDs := make([]int64, len(services))
	for i, s := range services {
		serviceIDs[i] = s.ServiceID
	}
	sold, err := all[Service](ctx, d.db, "services", "", "id IN ?", unique(serviceIDs))
	if err != nil {
		return err
	}
	service := pointers(sold, func(s Service) int64 { return s.ID })
	shop, customer := pointers(shops, func(w Workshop) int64 { return w.ID }), pointers(customers, func(c Customer) int64 { return c.ID })
	vehicle, advisor := pointers(vehicles, func(v Vehicle) int64 { return v.ID }), pointers(advisors, func(a Advisor) int64 { return a.ID })
	at := make(map[int64]int, len(jobs))
	for i := range jobs {
		j := &jobs[i]
		at[j.ID] = i
		j.Workshop, j.Customer, j.Vehicle = shop[j.WorkshopID], customer[j.CustomerID], vehicle[j.VehicleID]
		j.Advisor, j.BookedAdvisor = advisor[j.Owner()], advisor[j.BookedWith]
		j.Services = nil
	}
	for _, s := range services {
		j := &jobs[at[s.JobID]]
		s.Service = service[s.ServiceID]
		j.Services = append(j.Services, s)
	}
	return nil
}

// unique drops zeros and what has been seen.
func unique(ids []int64) []int64 {
	seen := make(map[int64]bool, len(ids))
	out := make([]int64, 0, len(ids))
	for _, id := range ids {
		if id != 0 && !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}

func pointers[T any](rows []T, id func(T) int64) map[int64]*T {
	out := make(map[int64]*T, len(rows))
	for i := range rows {
		out[id(rows[i])] = &rows[i]
	}
	return out
}

// Job gives a job with everything beside it; NotFound where there is none.
func (d *Desk) Job(ctx context.Context, id int64) (*Job, error) {
	return d.jobWhere(ctx, "id = ?", id)
}

// JobByToken gives the job of a manage-my-booking token with everything beside
// it; NotFound where the token is unknown or has expired.
func (d *Desk) JobByToken(ctx context.Context, token string) (*Job, error) {
	if len(token) < 16 || len(token) > 64 {
		return nil, notFound()
	}
	return d.jobWhere(ctx, "token = ? AND token_expires_at > ?", token, d.now())
}

// jobOfRequest gives the job that a request has made, nil if it made none.
func (d *Desk) jobOfRequest(ctx context.Context, key string) (*Job, error) {
	if key == "" {
		return nil, nil
	}
	// The second condition lets the partial index be used.
	job, err := d.jobWhere(ctx, "request_key = ? AND request_key <> ''", key)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	return job, err
}

func (d *Desk) jobWhere(ctx context.Context, where string, args ...any) (*Job, error) {
	job, err := one[Job](ctx, d.db, "job", where, args...)
	if err != nil {
		return nil, err
	}
	jobs := []Job{*job}
	if err := d.fill(ctx, jobs); err != nil {
		return nil, err
	}
	return &jobs[0], nil
}

// lockJob loads a job with everything beside it and keeps others from changing
// it until the transaction ends.
func (d *Desk) lockJob(ctx context.Context, id int64) (*Job, error) {
	var rows []Job
	if err := d.db.ForUpdate(d.db.In(ctx)).Where("id = ?", id).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("lock job %d: %w", id, err)
	}
	if len(rows) == 0 {
		return nil, notFound()
	}
	if err := d.fill(ctx, rows); err != nil {
		return nil, err
	}
	return &rows[0], nil
}

// insertJob stores a new job and its services.
func (d *Desk) insertJob(ctx context.Context, j *Job) error {
	err := d.db.In(ctx).Create(j).Error
	if db.IsDuplicate(err) {
		return errNameUsed
	}
	if err != nil {
		return fmt.Errorf("store job: %w", err)
	}
	for i := range j.Services {
		j.Services[i].JobID = j.ID
	}
	if err := d.db.In(ctx).Create(&j.Services).Error; err != nil {
		return fmt.Errorf("store the services of job %d: %w", j.ID, err)
	}
	return nil
}

// saveJob writes every column of a job that is locked.
func (d *Desk) saveJob(ctx context.Context, j *Job) error {
	j.UpdatedAt = d.now()
	if err := d.db.In(ctx).Select("*").Omit("id", "created_at").Where("id = ?", j.ID).Updates(j).Error; err != nil {
		return fmt.Errorf("save job %d: %w", j.ID, err)
	}
	return nil
}

// customerFor finds or makes the customer with these contacts, and tells whether
// it made one. One that exists is left as it is: whoever types a number has not
// proved to be its owner.
func (d *Desk) customerFor(ctx context.Context, in ContactInput) (*Customer, bool, error) {
	where, arg := "phone = ?", in.Phone
	if in.Phone == "" {
		// Whoever has a phone on file is known by it, not by an address alone.
		where, arg = "phone = '' AND email = ?", in.Email
	}
	fresh := &Customer{Name: in.Name, Phone: in.Phone, Email: in.Email, Locale: in.Locale, CreatedAt: d.now(), UpdatedAt: d.now()}
	if arg != "" {
		known, err := all[Customer](ctx, d.db, "customer", "id", where, arg)
		if err != nil {
			return nil, false, err
		}
		if len(known) > 0 {
			return &known[0], false, nil
		}
	}
	// Two first bookings from one phone may race: the unique index on the phone
	// lets one row in, and the other booking reads it.
	res := d.db.In(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(fresh)
	if res.Error != nil {
		return nil, false, fmt.Errorf("store customer: %w", res.Error)
	}
	if res.RowsAffected == 1 {
		return fresh, true, nil
	}
	known, err := one[Customer](ctx, d.db, "customer", where, arg)
	return known, false, err
}

// vehicleFor finds the customer's vehicle by its plate or makes it; nil where
// none was given. A fresh customer has none yet.
func (d *Desk) vehicleFor(ctx context.Context, customerID int64, fresh bool, in *VehicleInput) (*Vehicle, error) {
	if in == nil {
		return nil, nil
	}
	var known []Vehicle
	if !fresh {
		var err error
		if known, err = all[Vehicle](ctx, d.db, "vehicles", "id", "customer_id = ?", customerID); err != nil {
			return nil, err
		}
	}
	for i := range known {
		if known[i].PlateKey == PlateKey(in.Plate) || in.VIN != "" && known[i].VIN == in.VIN {
			return &known[i], nil
		}
	}
	v := &Vehicle{
		CustomerID: customerID, Plate: in.Plate, PlateKey: PlateKey(in.Plate), VIN: in.VIN, Make: in.Make, Model: in.Model,
		Mileage: in.Mileage, CreatedAt: d.now(),
	}
	return v, d.saveVehicle(ctx, v)
}

// jobsPage loads one page of jobs, ordered by start, after a place in it.
func (d *Desk) jobsPage(ctx context.Context, f JobFilter, after place) ([]Job, error) {
	q := d.db.In(ctx).Model(&Job{})
	if f.WorkshopID != 0 {
		q = q.Where("workshop_id = ?", f.WorkshopID)
	}
	if !f.From.IsZero() {
		q = q.Where("start_at >= ?", db.At(f.From))
	}
	if !f.To.IsZero() {
		q = q.Where("start_at < ?", db.At(f.To))
	}
	if len(f.IDs) > 0 {
		q = q.Where("id IN ?", f.IDs)
	}
	if len(f.Statuses) > 0 {
		q = q.Where("status IN ?", f.Statuses)
	}
	if f.AdvisorID != 0 {
		q = q.Where("(received_by = ? OR (received_by = 0 AND booked_with = ?))", f.AdvisorID, f.AdvisorID)
	}
	if f.OpenOnly {
		q = q.Where("closed_at IS NULL")
	}
	if words := strings.TrimSpace(f.Query); words != "" {
		q = q.Where(search(d.db.In(ctx), words))
	}
	if after.id != 0 {
		at := time.UnixMicro(after.micros)
		q = q.Where("(start_at > ? OR (start_at = ? AND id > ?))", db.At(at), db.At(at), after.id)
	}
	var rows []Job
	if err := q.Order("start_at, id").Limit(f.Limit + 1).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("load jobs: %w", err)
	}
	return rows, nil
}

// search is the condition for what somebody types to find a job: a reference, a
// plate, a name, a phone or an e-mail address.
func search(q *gorm.DB, words string) *gorm.DB {
	lower := like(strings.ToLower(words))
	cond := q.Where("reference = ?", strings.ToUpper(words)).
		Or(`LOWER(contact_name) LIKE ? ESCAPE '!'`, lower).
		// LOWER of SQLite knows ASCII only: "äijälä" must find "Äijälä".
		Or(`contact_name LIKE ? ESCAPE '!'`, like(title(words))).
		Or(`contact_email LIKE ? ESCAPE '!'`, lower)
	if key := PlateKey(words); len(key) >= 2 {
		cond = cond.Or(`vehicle_id IN (SELECT id FROM vehicles WHERE plate_key LIKE ? ESCAPE '!' OR vin = ?)`, like(key), key)
	}
	if digits := onlyDigits(words); len(digits) >= 4 {
		cond = cond.Or(`contact_phone LIKE ? ESCAPE '!'`, like(strings.TrimLeft(digits, "0")))
	}
	return cond
}

// like makes a LIKE pattern that finds s anywhere, its own wildcards escaped.
func like(s string) string {
	return "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(s) + "%"
}

// title gives each word of a name a capital.
func title(s string) string {
	start := true
	return strings.Map(func(r rune) rune {
		up := start
		start = !unicode.IsLetter(r)
		if up {
			return unicode.ToUpper(r)
		}
		return unicode.ToLower(r)
	}, s)
}

// onlyDigits gives the digits of what could be a phone number, "" where there
// is anything in it that a phone number has not.
func onlyDigits(s string) string {
	bad := false
	out := strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9':
			return r
		case !strings.ContainsRune("+-() ./", r):
			bad = true
		}
		return -1
	}, s)
	if bad {
		return ""
	}
	return out
}
