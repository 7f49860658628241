package web

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"neuvo/booking"
	"neuvo/internal/fault"
	"neuvo/notify"
	"neuvo/templates"
)

// deskFrame is the frame of a page of the desk: who is signed in, the workshop
// looked at, and how many messages wait for a person.
func (s *Server) deskFrame(c echo.Context, tab string) (frame, error) {
	ctx := c.Request().Context()
	f := s.frame(c)
	f.Staff, f.Tab = s.staff(c), tab
	f.notice(c)
	shops, err := s.opt.Desk.Workshops(ctx)
	if err != nil {
		return f, err
	}
	wanted := number(c.FormValue("workshop"))
	for i := range shops {
		if !f.Staff.Sees(shops[i].ID) {
			continue
		}
		f.Workshops = append(f.Workshops, shops[i])
		if f.Workshop == nil || shops[i].ID == wanted {
			f.Workshop = &shops[i]
		}
	}
	if f.Workshop == nil {
		return f, fault.New(fault.NotFound, "fault.not_found")
	}
	waiting, err := s.triage(ctx, &f)
	f.Triage = len(waiting)
	return f, err
}

// maxTriage is how many waiting messages are looked at: more than that is no
// list anybody reads.
const maxTriage = 100

// triageItem is a waiting message and the jobs of this desk it may belong to.
type triageItem struct {
	notify.Inbound
	At         time.Time
	Puzzle     string // why it waits, in words
	Candidates []triageCandidate
	Whole      string // address of all that it says
	Files      []fileLink
}

// triageCandidate is a job that a message may belong to, and why.
type triageCandidate struct {
	Job *booking.Job
	Why string
}

// triage gives the waiting messages that are this person's business: those
// with a candidate in a workshop the person sees, and those with none at all,
// which somebody has to look at.
func (s *Server) triage(ctx context.Context, f *frame) ([]triageItem, error) {
	rows, _, err := s.opt.Notifier.Inbox(ctx, "triage", maxTriage, "")
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	jobs, err := s.candidates(ctx, rows)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	files, err := s.opt.Notifier.Files(ctx, ids...)
	if err != nil {
		return nil, err
	}
	var out []triageItem
	for _, row := range rows {
		item := triageItem{Inbound: row, At: row.ReceivedAt.In(f.Workshop.Zone()), Puzzle: f.puzzle(row.Reason)}
		base := fmt.Sprintf("/desk/inbox/%d", row.ID)
		item.Whole, item.Files = base+"/whole", fileLinks(base, files[row.ID])
		for _, candidate := range row.Candidates {
			id, ok := booking.JobOf(candidate.Subject)
			if job := jobs[id]; ok && job != nil && f.Staff.Sees(job.WorkshopID) {
				item.Candidates = append(item.Candidates, triageCandidate{job, f.why(candidate.Why)})
			}
		}
		if len(item.Candidates) > 0 || len(row.Candidates) == 0 {
			out = append(out, item)
		}
	}
	return out, nil
}

// puzzle says in the reader's language why a message waits.
func (f *frame) puzzle(reason string) string {
	if said := triageReason(f.Locale, reason); said != reason {
		return said
	}
	return f.words("page.inbox.unsure")
}

// triageReason puts a reason of the matching into a language; one it does not
// know stays as it is. A reason may go on with its evidence, which is for the log.
func triageReason(locale, reason string) string {
	for known, key := range map[string]string{
		notify.ReasonNoSignal: "no_signal", notify.ReasonForged: "forged", notify.ReasonDisagree: "disagree",
		notify.ReasonUnreadable: "unreadable", notify.ReasonGaveUp: "gave_up", notify.ReasonSeveral: "several", notify.ReasonLongClosed: "long_closed",
		notify.ReasonForgedSender: "forged_sender",
	} {
		if strings.HasPrefix(reason, known) {
			return templates.T(locale, "page.triage."+key, nil)
		}
	}
	return reason
}

// why says why a job is a candidate: the rule that named it, else that the
// sender takes part in it.
func (f *frame) why(evidence string) string { return candidateReason(f.Locale, evidence) }

// candidateReason is why in any language.
func candidateReason(locale, evidence string) string {
	rule, _, _ := strings.Cut(evidence, ":")
	if key := "page.match." + rule; templates.Has(locale, key) {
		return templates.T(locale, key, nil)
	}
	return templates.T(locale, "page.match.participant", nil)
}

// candidates loads the jobs that waiting messages may belong to, by id.
func (s *Server) candidates(ctx context.Context, rows []notify.Inbound) (map[int64]*booking.Job, error) {
	var ids []int64
	for _, row := range rows {
		for _, candidate := range row.Candidates {
			if id, ok := booking.JobOf(candidate.Subject); ok && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	out := make(map[int64]*booking.Job, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	list, _, err := s.opt.Desk.Jobs(ctx, booking.JobFilter{IDs: ids, Limit: len(ids)})
	for i := range list {
		out[list[i].ID] = &list[i]
	}
	return out, err
}

// deskJob finds a job that this person may see; another workshop's is not found.
func (s *Server) deskJob(c echo.Context, raw string) (*booking.Job, error) {
	id := number(raw)
	if id == 0 {
		return nil, fault.New(fault.NotFound, "fault.not_found")
	}
	job, err := s.opt.Desk.Job(c.Request().Context(), id)
	if err != nil {
		return nil, err
	}
	if !s.staff(c).Sees(job.WorkshopID) {
		return nil, fault.New(fault.NotFound, "fault.not_found")
	}
	return job, nil
}

// backOr is where a form of the desk returns to: the page it stood on.
func backOr(c echo.Context, otherwise string) string {
	if back := c.FormValue("back"); strings.HasPrefix(back, "/desk") {
		return deskAddress(back)
	}
	return otherwise
}
