package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/labstack/echo/v4"

	"neuvo/booking"
	"neuvo/internal/fault"
)

// deskEstimatePage is the form of a proposal.
type deskEstimatePage struct {
	frame
	Job     *booking.Job
	Path    string // of the job
	Rows    []deskEstimateRow
	Ceiling string
	Expires string // datetime-local
	Replace bool   // an open version will be superseded
	Law     bool   // the country's law gives the margin
}

// deskEstimateRow is one line of the form, as typed.
type deskEstimateRow struct {
	N                     int
	Title, Price, Minutes string
	Photos                []booking.Photo
	TitleError            string
	PriceError            string
	MinutesError          string
	PhotoError            string
}

// formRows is how many empty lines a new form has.
const formRows = 3

// estimateForm finds the job of the address and makes its form.
func (s *Server) estimateForm(c echo.Context) (*deskEstimatePage, error) {
	job, err := s.deskJob(c, c.Param("id"))
	if err != nil {
		return nil, err
	}
	f, err := s.deskFrame(c, "job")
	if err != nil {
		return nil, err
	}
	f.Workshop = job.Workshop
	p := &deskEstimatePage{frame: f, Job: job, Path: jobURL(job.ID), Law: job.Workshop.Country == "FI" || job.Workshop.Country == "SE"}
	rows, err := s.opt.Desk.Estimates(c.Request().Context(), job.ID)
	for _, e := range rows {
		p.Replace = p.Replace || e.State == booking.EstimateSent
	}
	return p, err
}

// pageDeskEstimate shows the form, with an earlier version's lines where ?from=
// names one.
func (s *Server) pageDeskEstimate(c echo.Context) error {
	p, err := s.estimateForm(c)
	if err != nil {
		return s.fail(c, err)
	}
	if from := number(c.QueryParam("from")); from != 0 {
		e, err := s.opt.Desk.Estimate(c.Request().Context(), from)
		if err == nil && e.JobID != p.Job.ID {
			err = fault.New(fault.NotFound, "fault.not_found")
		}
		if err != nil {
			return s.fail(c, err)
		}
		for _, l := range e.Lines {
			row := deskEstimateRow{N: len(p.Rows), Title: l.Title, Price: amountText(l.Price), Photos: l.Photos}
			if l.LabourMinutes > 0 {
				row.Minutes = strconv.Itoa(l.LabourMinutes)
			}
			p.Rows = append(p.Rows, row)
		}
	}
	for len(p.Rows) < formRows {
		p.Rows = append(p.Rows, deskEstimateRow{N: len(p.Rows)})
	}
	zone := p.Job.Workshop.Zone()
	p.Expires = s.opt.Now().In(zone).AddDate(0, 0, 2).Format("2006-01-02") + "T16:00"
	return s.show(c, http.StatusOK, "desk_estimate", p.Locale, p)
}

// pageDeskEstimateSubmit stores the photos that came along and sends the
// proposal, or shows the form again, photos kept.
func (s *Server) pageDeskEstimateSubmit(c echo.Context) error {
	p, err := s.estimateForm(c)
	if err != nil {
		return s.fail(c, err)
	}
	n := booking.NewEstimate{JobID: p.Job.ID}
	place, good, err := s.readEstimateForm(c, p, &n)
	if err != nil {
		return s.fail(c, err)
	}
	if c.FormValue("add") != "" {
		p.Rows = append(p.Rows, deskEstimateRow{N: len(p.Rows)})
		return s.show(c, http.StatusOK, "desk_estimate", p.Locale, p)
	}
	if !good {
		p.Problem = p.words("fault.invalid")
		return s.show(c, http.StatusUnprocessableEntity, "desk_estimate", p.Locale, p)
	}
	if _, err := s.opt.Desk.ProposeEstimate(c.Request().Context(), n, s.actor(c)); err != nil {
		f, _ := asFault(err)
		p.lineErrors(f, place)
		status := p.refused(err)
		if status == 0 {
			return s.fail(c, err)
		}
		return s.show(c, status, "desk_estimate", p.Locale, p)
	}
	return seeOther(c, p.Path+"?done=proposed#estimates")
}

// readEstimateForm reads the form into a proposal; place tells in which row a
// line stands, good whether every number could be read. Rows left empty are no
// lines.
func (s *Server) readEstimateForm(c echo.Context, p *deskEstimatePage, n *booking.NewEstimate) (place []int, good bool, err error) {
	good = true
	p.Ceiling, p.Expires = typed(c, "ceiling", maxLine), c.FormValue("expires_at")
	count, _ := strconv.Atoi(c.FormValue("rows")) // nonsense is no row
	for i := range min(max(count, 0), 50) {
		row := deskEstimateRow{N: i, Title: typed(c, field("title", i), maxLine), Price: typed(c, field("price", i), maxLine), Minutes: typed(c, field("minutes", i), maxLine)}
		if err := s.rowPhotos(c, p, &row); err != nil {
			return nil, false, err
		}
		good = good && row.PhotoError == ""
		if row.Title != "" || row.Price != "" || len(row.Photos) > 0 {
			line := booking.NewLine{Title: row.Title}
			var ok bool
			if line.Price, ok = readAmount(row.Price); !ok {
				row.PriceError, good = p.words("fault.price"), false
			}
			if row.Minutes != "" {
				if line.LabourMinutes, err = strconv.Atoi(row.Minutes); err != nil {
					row.MinutesError, good = p.words("validation.integer"), false
				}
			}
			for _, photo := range row.Photos {
				line.PhotoIDs = append(line.PhotoIDs, photo.ID)
			}
			n.Lines, place = append(n.Lines, line), append(place, i)
		}
		p.Rows = append(p.Rows, row)
	}
	if p.Ceiling != "" {
		var ok bool
		if n.Ceiling, ok = readAmount(p.Ceiling); !ok {
			p.Errors["ceiling"], good = p.words("fault.price"), false
		}
	}
	if n.ExpiresAt = localInput(p.Expires, p.Job.Workshop.Zone()); n.ExpiresAt.IsZero() {
		p.Errors["expires_at"], good = p.words("fault.time"), false
	}
	return place, good, nil
}

// field is the name of an input of a row.
func field(name string, row int) string { return name + "-" + strconv.Itoa(row) }

// rowPhotos gathers the photos of a row: those kept from before, and new files.
func (s *Server) rowPhotos(c echo.Context, p *deskEstimatePage, row *deskEstimateRow) error {
	ctx := c.Request().Context()
	form, err := c.FormParams()
	if err != nil {
		return err
	}
	kept := form[field("kept", row.N)]
	if len(kept) > 0 {
		all, err := s.opt.Desk.Photos(ctx, p.Job.ID)
		if err != nil {
			return err
		}
		for _, photo := range all {
			if slices.Contains(kept, strconv.FormatInt(photo.ID, 10)) {
				row.Photos = append(row.Photos, photo)
			}
		}
	}
	if c.Request().MultipartForm == nil {
		return nil
	}
	for _, header := range c.Request().MultipartForm.File[field("photos", row.N)] {
		if header.Size == 0 {
			continue // an input where nothing was chosen
		}
		raw, err := readPhoto(header)
		if err != nil {
			return err
		}
		photo, err := s.opt.Desk.AddPhoto(ctx, p.Job.ID, raw, s.actor(c))
		if fault.Is(err, fault.Invalid) {
			f, _ := asFault(err)
			row.PhotoError = p.words(f.Fields[0].Key, pairs(f.Fields[0].Args)...)
			continue
		}
		if err != nil {
			return err
		}
		row.Photos = append(row.Photos, *photo)
	}
	return nil
}

// pairs makes the arguments of words out of a fault's.
func pairs(args map[string]any) []any {
	var out []any
	for name, value := range args {
		out = append(out, name, value)
	}
	return out
}

// lineErrors puts what is wrong with a line beside its inputs.
func (p *deskEstimatePage) lineErrors(f *fault.Error, place []int) {
	for _, bad := range f.Fields {
		rest, ok := strings.CutPrefix(bad.Location, "body.lines[")
		number, name, _ := strings.Cut(rest, "].")
		i, err := strconv.Atoi(number)
		if !ok || err != nil || i >= len(place) {
			continue
		}
		row, sentence := &p.Rows[place[i]], p.words(bad.Key, pairs(bad.Args)...)
		switch name {
		case "title":
			row.TitleError = sentence
		case "labour_minutes":
			row.MinutesError = sentence
		case "photo_ids":
			row.PhotoError = sentence
		default:
			row.PriceError = sentence
		}
	}
}

// pageDeskFinalPrice records what the estimated work cost.
func (s *Server) pageDeskFinalPrice(c echo.Context) error {
	p, err := s.deskJobPage(c)
	if err != nil {
		return s.fail(c, err)
	}
	p.FinalText = typed(c, "amount", maxLine)
	amount, ok := readAmount(p.FinalText)
	if !ok {
		return s.deskRefused(c, p, fault.BadField("body.amount", "fault.price", nil))
	}
	if _, err := s.opt.Desk.SetFinalPrice(c.Request().Context(), p.Job.ID, amount, s.actor(c)); err != nil {
		return s.deskRefused(c, p, err)
	}
	return seeOther(c, p.Path+"?done=final_price#estimates")
}

// readAmount reads money as people type it into minor units of two decimals:
// "129", "129,50", "1 290.00".
func readAmount(raw string) (int64, bool) {
	s := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '\u00a0' || r == '\'' {
			return -1
		}
		return r
	}, raw)
	whole, cents, _ := strings.Cut(strings.ReplaceAll(s, ",", "."), ".")
	for len(cents) < 2 {
		cents += "0"
	}
	if whole == "" || len(whole) > 9 || len(cents) != 2 {
		return 0, false
	}
	n, err := strconv.ParseUint(whole+cents, 10, 62)
	return int64(n), err == nil
}

// amountText writes minor units as an input takes them.
func amountText(minor int64) string {
	return strconv.FormatInt(minor/100, 10) + "," + strconv.FormatInt(100+minor%100, 10)[1:]
}

// loadEstimates puts a job's proposals on its page at the desk.
func (s *Server) loadEstimates(ctx context.Context, p *deskJobPage) error {
	rows, err := s.opt.Desk.Estimates(ctx, p.Job.ID)
	if err != nil {
		return err
	}
	p.CanPropose = booking.TakesEstimates(p.Job.Status)
	p.FinalMost, _ = booking.ApprovedCeiling(rows)
	p.Estimates = s.estimateCards(p.Job, rows, func(id int64) string { return estimateURL(p.Job.Token, id) })
	if p.FinalText == "" && !p.Job.FinalPriceAt.IsZero() {
		p.FinalText = amountText(p.Job.FinalPrice)
	}
	return nil
}
