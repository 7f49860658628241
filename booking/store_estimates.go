package booking

import (
	"context"
	"errors"
	"fmt"

	"neuvo/internal/db"
)

// insertEstimate stores a new estimate and its lines.
func (d *Desk) insertEstimate(ctx context.Context, e *Estimate) error {
	if err := d.db.In(ctx).Create(e).Error; err != nil {
		return fmt.Errorf("store an estimate of job %d: %w", e.JobID, err)
	}
	for i := range e.Lines {
		e.Lines[i].EstimateID = e.ID
	}
	if err := d.db.In(ctx).Create(&e.Lines).Error; err != nil {
		return fmt.Errorf("store the lines of estimate %d: %w", e.ID, err)
	}
	return nil
}

// saveEstimate writes every column of an estimate whose job is locked.
func (d *Desk) saveEstimate(ctx context.Context, e *Estimate) error {
	if err := d.db.In(ctx).Save(e).Error; err != nil {
		return fmt.Errorf("save estimate %d: %w", e.ID, err)
	}
	if e.State == EstimateSent {
		return nil
	}
	return d.notify.Answered(ctx, SubjectOf(e.JobID), AsksEstimate)
}

// saveDecisions writes what was decided on lines: those of one decision at once.
func (d *Desk) saveDecisions(ctx context.Context, e *Estimate) error {
	ids := map[Decision][]int64{}
	for _, l := range e.Lines {
		ids[l.Decision] = append(ids[l.Decision], l.ID)
	}
	for _, decision := range []Decision{Approve, Decline} {
		if len(ids[decision]) == 0 {
			continue
		}
		err := d.db.In(ctx).Model(&EstimateLine{}).Where("id IN ?", ids[decision]).Update("decision", decision).Error
		if err != nil {
			return fmt.Errorf("save the decisions on estimate %d: %w", e.ID, err)
		}
	}
	return nil
}

// estimates loads estimates with their lines and the lines' photos, by version:
// three queries.
func (d *Desk) estimates(ctx context.Context, where string, args ...any) ([]Estimate, error) {
	rows, err := all[Estimate](ctx, d.db, "estimates", "job_id, version", where, args...)
	if err != nil || len(rows) == 0 {
		return rows, err
	}
	ids, jobIDs := make([]int64, len(rows)), make([]int64, len(rows))
	at := make(map[int64]int, len(rows))
	for i, e := range rows {
		ids[i], jobIDs[i], at[e.ID] = e.ID, e.JobID, i
	}
	lines, err1 := all[EstimateLine](ctx, d.db, "estimate lines", "estimate_id, position", "estimate_id IN ?", ids)
	photos, err2 := d.photosWithoutBytes(ctx, "job_id IN ?", unique(jobIDs))
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	known := byID(photos, func(p Photo) int64 { return p.ID })
	for _, l := range lines {
		for _, id := range l.PhotoIDs {
			if p, ok := known[id]; ok {
				l.Photos = append(l.Photos, p)
			}
		}
		e := &rows[at[l.EstimateID]]
		e.Lines = append(e.Lines, l)
	}
	return rows, nil
}

// dueEstimates gives estimates that have run out, up to a limit, the oldest first.
func (d *Desk) dueEstimates(ctx context.Context, after int64, limit int) ([]Estimate, error) {
	var rows []Estimate
	err := d.db.In(ctx).Where("state = 'sent' AND expires_at <= ? AND id > ?", d.now(), after).Order("id").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("load estimates that have run out: %w", err)
	}
	return rows, nil
}

// photoColumns are those of a photo but for its bytes.
var photoColumns = []string{"id", "job_id", "token", "content_type", "width", "height", "size", "author", "created_at"}

func (d *Desk) photosWithoutBytes(ctx context.Context, where string, args ...any) ([]Photo, error) {
	var rows []Photo
	if err := d.db.In(ctx).Select(photoColumns).Where(where, args...).Order("id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("load photos: %w", err)
	}
	return rows, nil
}

func (d *Desk) insertPhoto(ctx context.Context, p *Photo) error {
	if err := d.db.In(ctx).Create(p).Error; err != nil {
		return fmt.Errorf("store a photo of job %d: %w", p.JobID, err)
	}
	return nil
}

// photoByToken loads a photo of a job whose own link still opens; nil where
// there is none.
func (d *Desk) photoByToken(ctx context.Context, token string, now db.Time) (*Photo, error) {
	var rows []Photo
	err := d.db.In(ctx).Where("token = ? AND job_id IN (SELECT id FROM jobs WHERE token_expires_at > ?)", token, now).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("load a photo: %w", err)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	return &rows[0], nil
}

func (d *Desk) countPhotos(ctx context.Context, jobID int64) (int64, error) {
	var n int64
	if err := d.db.In(ctx).Model(&Photo{}).Where("job_id = ?", jobID).Count(&n).Error; err != nil {
		return 0, fmt.Errorf("count the photos of job %d: %w", jobID, err)
	}
	return n, nil
}
