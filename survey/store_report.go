package survey

import (
	"context"
	"fmt"
	"strconv"

	"gorm.io/gorm"

	"neuvo/internal/db"
)

// asked selects the surveys of a report as "s", joined with what its key needs.
func (s *Surveyor) asked(ctx context.Context, f ReportFilter) (q *gorm.DB, key string) {
	q = s.db.In(ctx).Table("surveys AS s").Where("s.asked_at IS NOT NULL")
	if !f.From.IsZero() {
		q = q.Where("s.asked_at >= ?", db.At(f.From))
	}
	if !f.To.IsZero() {
		q = q.Where("s.asked_at < ?", db.At(f.To))
	}
	if f.WorkshopID != 0 {
		q = q.Where("s.workshop_id = ?", f.WorkshopID)
	}
	if f.AdvisorID != 0 {
		q = q.Where("s.advisor_id = ?", f.AdvisorID)
	}
	switch f.By {
	case ByService:
		return q.Joins("JOIN job_services js ON js.job_id = s.job_id"), "CAST(js.service_id AS TEXT)"
	case ByWorkshop:
		return q, "CAST(s.workshop_id AS TEXT)"
	case ByWeek:
		return q, "s.week"
	}
	return q, "CAST(s.advisor_id AS TEXT)"
}

// tally counts the surveys of a report by key and answer. Weeks are told apart
// by nothing else: two workshops share one.
func (s *Surveyor) tally(ctx context.Context, f ReportFilter) ([]tally, error) {
	q, key := s.asked(ctx, f)
	shop := "s.workshop_id"
	if f.By == ByWeek {
		shop = "0"
	}
	var rows []tally
	err := q.Select(key + " AS key, " + shop + " AS workshop_id, s.scale, s.score, s.met, s.late, (s.answered_at IS NOT NULL) AS answered, COUNT(DISTINCT s.id) AS n").
		Group("1, 2, s.scale, s.score, s.met, s.late, (s.answered_at IS NOT NULL)").Order("1").Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("count answers: %w", err)
	}
	return rows, nil
}

// nameRows gives rows the names of what their keys mean.
func (s *Surveyor) nameRows(ctx context.Context, by string, rows []Row) error {
	table := map[string]string{ByAdvisor: "advisors", ByService: "services", ByWorkshop: "workshops"}[by]
	if table == "" || len(rows) == 0 {
		return nil
	}
	var named []struct {
		ID   int64
		Name string
	}
	var ids []int64
	for _, r := range rows {
		id, _ := strconv.ParseInt(r.Key, 10, 64) // made of a number by the query
		ids = append(ids, id)
	}
	if err := s.db.In(ctx).Table(table).Select("id, name").Where("id IN ?", ids).Find(&named).Error; err != nil {
		return fmt.Errorf("name the rows of a report: %w", err)
	}
	names := map[string]string{}
	for _, n := range named {
		names[strconv.FormatInt(n.ID, 10)] = n.Name
	}
	for i := range rows {
		rows[i].Name = names[rows[i].Key]
	}
	return nil
}

// maxWaits bounds how many first answers a median is taken of.
const maxWaits = 100_000

// addFacts puts beside each row what happened to its jobs.
func (s *Surveyor) addFacts(ctx context.Context, f ReportFilter, rows []Row) error {
	at := map[string]*Facts{}
	for i := range rows {
		at[rows[i].Key] = &rows[i].Facts
	}
	q, key := s.asked(ctx, f)
	var facts []struct {
		Key                                               string
		ReadyBy, ReadyByKept, Billed, WithinQuote, Photos int
	}
	err := s.db.In(ctx).Table("(?) AS x", q.Joins("JOIN jobs j ON j.id = s.job_id").Distinct(key+` AS key, s.id, j.final_price, j.final_price_at,
		(SELECT SUM(e.approved) FROM estimates e WHERE e.job_id = j.id) AS approved,
		EXISTS (SELECT 1 FROM promises r WHERE r.job_id = j.id AND r.kind = 'ready_by' AND r.judged_at IS NOT NULL) AS promised,
		EXISTS (SELECT 1 FROM promises r WHERE r.job_id = j.id AND r.kind = 'ready_by' AND r.spoke_at <= r.judged_at AND NOT r.renegotiated AND NOT r.handed_over) AS kept,
		EXISTS (SELECT 1 FROM photos p WHERE p.job_id = j.id) AS pictured`)).
		Select(`x.key, SUM(CASE WHEN x.promised THEN 1 ELSE 0 END) AS ready_by,
			SUM(CASE WHEN x.kept THEN 1 ELSE 0 END) AS ready_by_kept,
			SUM(CASE WHEN x.final_price_at IS NOT NULL AND x.approved > 0 THEN 1 ELSE 0 END) AS billed,
			SUM(CASE WHEN x.final_price_at IS NOT NULL AND x.approved > 0 AND x.final_price <= x.approved THEN 1 ELSE 0 END) AS within_quote,
			SUM(CASE WHEN x.pictured THEN 1 ELSE 0 END) AS photos`).Group("x.key").Find(&facts).Error
	if err != nil {
		return fmt.Errorf("look at the jobs behind a report: %w", err)
	}
	for _, one := range facts {
		if to := at[one.Key]; to != nil {
			to.ReadyBy, to.ReadyByKept, to.Billed, to.WithinQuote, to.Photos = one.ReadyBy, one.ReadyByKept, one.Billed, one.WithinQuote, one.Photos
		}
	}
	return s.addWaits(ctx, f, at)
}

// addWaits tells how long customers who wrote before they were asked waited for
// a person's answer.
func (s *Surveyor) addWaits(ctx context.Context, f ReportFilter, at map[string]*Facts) error {
	q, key := s.asked(ctx, f)
	var waits []struct {
		Key      string
		FirstIn  db.Time
		FirstOut db.Time
	}
	first := q.Joins("JOIN conversations c ON c.subject = 'job:' || CAST(s.job_id AS TEXT)").Distinct(key + ` AS key, c.id AS conversation_id,
		(SELECT MIN(i.created_at) FROM messages i WHERE i.conversation_id = c.id AND i.direction = 'in' AND i.kind IN ('', 'human') AND i.created_at < s.asked_at) AS first_in`)
	err := s.db.In(ctx).Table("(?) AS x", first).Where("x.first_in IS NOT NULL").
		Select(`x.key, x.first_in, (SELECT MIN(o.created_at) FROM messages o
			WHERE o.conversation_id = x.conversation_id AND o.direction = 'out' AND o.by_human = TRUE AND o.created_at >= x.first_in) AS first_out`).
		Limit(maxWaits).Find(&waits).Error
	if err != nil {
		return fmt.Errorf("look at first answers: %w", err)
	}
	hours := map[string][]float64{}
	for _, w := range waits {
		to := at[w.Key]
		if to == nil {
			continue
		}
		to.Wrote++
		if w.FirstOut.IsZero() {
			to.Unanswered++
			continue
		}
		hours[w.Key] = append(hours[w.Key], w.FirstOut.Sub(w.FirstIn.Time).Hours())
	}
	for key, values := range hours {
		at[key].FirstAnswerHours = median(values)
	}
	return nil
}

func (s *Surveyor) remarks(ctx context.Context, f ReportFilter) ([]Remark, error) {
	f.By = ByAdvisor // needs no join
	q, _ := s.asked(ctx, f)
	var rows []Remark
	err := q.Select("s.job_id, s.advisor_id, s.advisor, s.workshop_id, s.scale, s.score, s.met, s.comment, s.channel, s.answered_at").
		Where("s.answered_at IS NOT NULL AND s.comment <> ''").Order("s.answered_at DESC, s.id DESC").Limit(maxRemarks).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("load what customers wrote: %w", err)
	}
	return rows, nil
}

func (s *Surveyor) reasonCounts(ctx context.Context, f ReportFilter) ([]ReasonCount, error) {
	q := s.db.In(ctx).Table("surveys").Select("reason, COUNT(*) AS n").Where("state = ? AND asked_at IS NULL", Suppressed)
	if !f.From.IsZero() {
		q = q.Where("created_at >= ?", db.At(f.From))
	}
	if !f.To.IsZero() {
		q = q.Where("created_at < ?", db.At(f.To))
	}
	if f.WorkshopID != 0 {
		q = q.Where("workshop_id = ?", f.WorkshopID)
	}
	if f.AdvisorID != 0 {
		q = q.Where("advisor_id = ?", f.AdvisorID)
	}
	var rows []ReasonCount
	if err := q.Group("reason").Order("2 DESC, 1").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("count who was not asked: %w", err)
	}
	return rows, nil
}
