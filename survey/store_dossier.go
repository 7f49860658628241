package survey

import (
	"context"
	"fmt"
)

// Dossier is what is held of how customers found some jobs.
type Dossier struct {
	Surveys []Survey
	Answers []Answer // the customers' own words, each answer that came
	Cases   []Case
}

// DossierOf gathers what is held of jobs, in a constant number of queries.
func (s *Surveyor) DossierOf(ctx context.Context, jobs []int64) (*Dossier, error) {
	out, ids := &Dossier{}, append([]int64{0}, jobs...) // never an empty list
	if err := s.db.In(ctx).Where("job_id IN ?", ids).Order("id").Find(&out.Surveys).Error; err != nil {
		return nil, fmt.Errorf("load the surveys of %d jobs: %w", len(jobs), err)
	}
	err := s.db.In(ctx).Where("survey_id IN (SELECT id FROM surveys WHERE job_id IN ?)", ids).Order("id").Find(&out.Answers).Error
	if err != nil {
		return nil, fmt.Errorf("load the answers of %d jobs: %w", len(jobs), err)
	}
	out.Cases, err = s.casesWith(ctx, "job_id IN ?", ids)
	return out, err
}
