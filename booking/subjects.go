package booking

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"neuvo/notify"
	"neuvo/templates"
)

// referenceWord finds references of jobs in the subject of an e-mail.
var referenceWord = regexp.MustCompile(`(?i)\bNV-[` + referenceAlphabet + `]{5}\b`)

// maxReferences of one subject line are looked at.
const maxReferences = 5

// TagsIn implements notify.Subjects: the references of jobs in a title.
func (d *Desk) TagsIn(title string) []string {
	var list []string
	for _, word := range referenceWord.FindAllString(title, maxReferences) {
		if word = strings.ToUpper(word); !slices.Contains(list, word) {
			list = append(list, word)
		}
	}
	return list
}

// Tagged implements notify.Subjects: the jobs that references name.
func (d *Desk) Tagged(ctx context.Context, words []string) (map[string]string, error) {
	jobs, err := all[Job](ctx, d.db, "jobs", "", "reference IN ?", words)
	out := make(map[string]string, len(jobs))
	for _, j := range jobs {
		out[j.Reference] = j.Subject()
	}
	return out, err
}

// Describe implements notify.Subjects: how a customer knows a job. Where they
// are of several people, as on a phone that is shared, each is named.
func (d *Desk) Describe(ctx context.Context, subjects []string) (map[string]notify.Description, error) {
	var ids, entries []int64
	for _, s := range subjects {
		if id, ok := JobOf(s); ok {
			ids = append(ids, id)
		} else if id, ok := waitOf(s); ok {
			entries = append(entries, id)
		}
	}
	jobs, err := d.JobsByID(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("load the jobs to choose from: %w", err)
	}
	out := make(map[string]notify.Description, len(subjects))
	for i := range jobs {
		j := &jobs[i]
		label := j.vehicleName()
		if label == "" {
			label = j.services()
		}
		if jobs[0].ContactName != j.ContactName || slices.ContainsFunc(jobs, func(o Job) bool { return o.ContactName != j.ContactName }) {
			label += " (" + firstName(j.ContactName) + ")"
		}
		known := notify.Description{Label: label, Locale: j.Locale}
		if j.Advisor != nil {
			known.Author = j.Advisor.Name
		}
		out[j.Subject()] = known
	}
	if len(entries) == 0 {
		return out, nil
	}
	waiting, err := all[WaitEntry](ctx, d.db, "waiting entries", "", "id IN ?", entries)
	for i := range waiting {
		e := &waiting[i]
		out[e.Subject()] = notify.Description{Label: templates.T(e.Locale, "booking.waiting_list", nil), Locale: e.Locale}
	}
	return out, err
}

// services names what is done on a job, for people.
func (j *Job) services() string {
	names := make([]string, len(j.Services))
	for i, s := range j.Services {
		names[i] = s.Name
	}
	return strings.Join(names, ", ")
}

// Doubt implements notify.Subjects: the advisors of all jobs that a text may be
// about see it, until one of them or the customer has said which it is.
func (d *Desk) Doubt(ctx context.Context, in notify.Inbound, subjects []string, over bool) error {
	for _, s := range subjects {
		id, ok := JobOf(s)
		if !ok {
			continue
		}
		var err error
		if over {
			err = d.settle(ctx, id, System, NeedsPlacing)
		} else {
			err = d.Raise(ctx, Attention{JobID: id, Kind: NeedsPlacing, Body: in.Body})
		}
		if err != nil {
			return fmt.Errorf("show what may be about job %d: %w", id, err)
		}
	}
	return nil
}
