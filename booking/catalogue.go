package booking

import (
	"fmt"
	"io"
	"reflect"
	"strings"

	"gopkg.in/yaml.v3"

	"neuvo/internal/fault"
)

// Catalogue is what Import takes in: workshops with all they sell and who
// receives, and a list of staff for the caller to add. Everything is known by
// its key, so that importing again changes only what has changed.
type Catalogue struct {
	Workshops []CatalogueWorkshop `yaml:"workshops"`
	// Staff is not Import's: whoever keeps the staff adds them, with the ids of
	// the ImportReport.
	Staff []CatalogueStaff `yaml:"staff"`

	lines map[string]int // where each field stands in the file
}

// CatalogueWorkshop is a workshop in a catalogue. Zero fields have the defaults
// that their comments give.
type CatalogueWorkshop struct {
	Key              string `yaml:"key"`
	Name             string `yaml:"name"`
	TimeZone         string `yaml:"time_zone"` // IANA name
	Locale           string `yaml:"locale"`    // fi, sv, en
	Country          string `yaml:"country"`   // ISO 3166-1 alpha-2
	Region           string `yaml:"region"`    // ISO 3166-2 part of the country where holidays differ
	Holidays         string `yaml:"holidays"`  // with_eves, without_eves, off; the custom of the country
	Currency         string `yaml:"currency"`  // ISO 4217
	Phone            string `yaml:"phone"`
	Email            string `yaml:"email"`
	Address          string `yaml:"address"`
	SlotMinutes      int    `yaml:"slot_minutes"`       // 15
	MinNoticeMinutes *int   `yaml:"min_notice_minutes"` // 60
	HorizonDays      int    `yaml:"horizon_days"`       // 550
	QuietFrom        string `yaml:"quiet_from"`         // "21:00": texts that nobody waits for wait from then
	QuietUntil       string `yaml:"quiet_until"`        // "08:00": until then; the same as quiet_from for no quiet hours
	ReminderAt       string `yaml:"reminder_at"`        // "10:00", on the day before
	SurveyAt         string `yaml:"survey_at"`          // "18:00"
	SurveyScale      string `yaml:"survey_scale"`       // one of SurveyScales; "1-5"
	SurveyFrom       string `yaml:"survey_from"`        // "9:00": a survey goes out no earlier
	SurveyUntil      string `yaml:"survey_until"`       // "20:00": and no later
	// SurveyReminderDays is after how many days an unanswered survey is asked
	// once more; 0 for never.
	SurveyReminderDays int `yaml:"survey_reminder_days"`
	// SurveyThrottleDays is how long a customer who was asked is left in peace; 30.
	SurveyThrottleDays *int   `yaml:"survey_throttle_days"`
	ReviewURL          string `yaml:"review_url"`  // where everybody who answered is invited to a public review
	PhoneProof         bool   `yaml:"phone_proof"` // online bookings wait for a code sent by SMS
	// ChangeNoticeMinutes is how late customers may move or cancel; 120.
	ChangeNoticeMinutes *int `yaml:"change_notice_minutes"`
	CallsPerHour        int  `yaml:"calls_per_hour"` // promised calls that one advisor can keep in an hour; 4
	// ReplyMinutes of opening time an advisor has to answer before the team sees what
	// a customer wrote, and ReplyManagerMinutes before the manager does; 60 and 180.
	ReplyMinutes        int `yaml:"reply_minutes"`
	ReplyManagerMinutes int `yaml:"reply_manager_minutes"`
	// EstimateMargin is the percent by which a final price may exceed an
	// estimate; left out for what the country's law has.
	EstimateMargin *int               `yaml:"estimate_margin"`
	Hours          CatalogueHours     `yaml:"hours"`
	Closures       []CatalogueClosure `yaml:"closures"`
	Services       []CatalogueService `yaml:"services"`
	Advisors       []CatalogueAdvisor `yaml:"advisors"`
	// What services need besides an advisor. A workshop that names none has as
	// much of it as is asked for.
	Bays       []CatalogueResource  `yaml:"bays"`
	Loaners    []CatalogueResource  `yaml:"loaners"`
	Pools      []CataloguePool      `yaml:"pools"`
	Transports []CatalogueTransport `yaml:"transports"`
}

// CatalogueHours are weekly hours: "mon" or "mon-fri" to spans like
// "07:30-17:00". A span may end at "24:00".
type CatalogueHours map[string][]string

// CatalogueClosure is a span of closed dates, both included; To may be left out.
type CatalogueClosure struct {
	From   string `yaml:"from"`
	To     string `yaml:"to"`
	Reason string `yaml:"reason"`
}

// CatalogueService is a service in a catalogue.
type CatalogueService struct {
	Key              string                 `yaml:"key"`
	Name             string                 `yaml:"name"`
	Description      string                 `yaml:"description"`
	Translations     map[string]Translation `yaml:"translations"` // by locale
	DurationMinutes  int                    `yaml:"duration_minutes"`
	ReceptionMinutes int                    `yaml:"reception_minutes"` // of the advisor; the duration when 0
	// WorkMinutes are of a bay where the customer waits, LabourMinutes of the
	// day's pool of Skill where the car stays.
	WorkMinutes         int      `yaml:"work_minutes"`
	LabourMinutes       int      `yaml:"labour_minutes"`
	Skill               string   `yaml:"skill"`
	BufferBeforeMinutes int      `yaml:"buffer_before_minutes"`
	BufferAfterMinutes  int      `yaml:"buffer_after_minutes"`
	PriceFrom           int64    `yaml:"price_from"` // minor units: 12900 is 129.00
	Bring               []string `yaml:"bring"`
	Transports          []string `yaml:"transports"`
	RecallMonths        int      `yaml:"recall_months"`
	Active              *bool    `yaml:"active"` // true
}

// CatalogueAdvisor is an advisor in a catalogue; without hours of his or her own
// the workshop's count.
type CatalogueAdvisor struct {
	Key        string             `yaml:"key"`
	Name       string             `yaml:"name"`
	Title      string             `yaml:"title"`
	Languages  []string           `yaml:"languages"`
	PhotoURL   string             `yaml:"photo_url"`
	Phone      string             `yaml:"phone"`
	Email      string             `yaml:"email"`
	StandIn    string             `yaml:"stand_in"`     // key of another advisor
	MaxPerDay  int                `yaml:"max_per_day"`  // visits; 0: any number
	MaxPerSlot int                `yaml:"max_per_slot"` // visits that begin within one slot; 0: any number
	Hours      CatalogueHours     `yaml:"hours"`
	Absences   []CatalogueAbsence `yaml:"absences"`
	Active     *bool              `yaml:"active"` // true
}

// CatalogueAbsence is a span in which an advisor is away: dates, both included,
// or times on the wall like "2026-07-01 12:00".
type CatalogueAbsence struct {
	From   string `yaml:"from"`
	To     string `yaml:"to"`
	Reason string `yaml:"reason"`
}

// CatalogueStaff is a member of staff who may sign in.
type CatalogueStaff struct {
	Email    string `yaml:"email"`
	Name     string `yaml:"name"`
	Role     string `yaml:"role"` // admin, manager, advisor
	Password string `yaml:"password"`
	Locale   string `yaml:"locale"`
	Workshop string `yaml:"workshop"` // key
	Advisor  string `yaml:"advisor"`  // key, in that workshop
}

// maxCatalogue bounds a catalogue file: 4 MiB are thousands of workshops.
const maxCatalogue = 4 << 20

// ReadCatalogue reads a catalogue from YAML. It is strict: a word it does not
// know, a value of the wrong kind and a value that cannot be are Invalid faults,
// all at once, each naming its field and line and what to mend.
func ReadCatalogue(r io.Reader) (*Catalogue, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxCatalogue+1))
	if err != nil {
		return nil, fmt.Errorf("read the catalogue: %w", err)
	}
	if len(raw) > maxCatalogue {
		return nil, fault.New(fault.Invalid, "fault.catalogue_long").With("megabytes", maxCatalogue>>20)
	}
	var root yaml.Node
	if err := yaml.Unmarshal(raw, &root); err != nil {
		return nil, fault.New(fault.Invalid, "fault.catalogue_yaml").With("detail", strings.TrimPrefix(err.Error(), "yaml: ")).Cause(err)
	}
	if len(root.Content) == 0 {
		return nil, fault.New(fault.Invalid, "fault.catalogue_empty")
	}
	strict := strictReader{lines: map[string]int{}}
	strict.read(root.Content[0], reflect.TypeFor[Catalogue](), "", 0)
	c := &Catalogue{lines: strict.lines}
	if len(strict.bad) == 0 {
		if err := root.Decode(c); err != nil {
			return nil, fault.New(fault.Invalid, "fault.catalogue_yaml").With("detail", err.Error()).Cause(err)
		}
		_, strict.bad = c.check()
	}
	return c, invalid(c.placed(strict.bad))
}

// placed adds the line to each wrong field of a file.
func (c *Catalogue) placed(bad []fault.Field) []fault.Field {
	for i := range bad {
		f := &bad[i]
		// The nearest enclosing field that the file has.
		for at := f.Location; ; {
			if line := c.lines[at]; line > 0 {
				f.Location = fmt.Sprintf("%s (line %d)", f.Location, line)
				break
			}
			cut := strings.LastIndexAny(at, ".[")
			if cut < 0 {
				break
			}
			at = at[:cut]
		}
	}
	return bad
}

// strictReader holds a YAML tree against a Go type.
type strictReader struct {
	lines map[string]int
	bad   []fault.Field
}

// maxDepth is deeper than any catalogue goes; aliases may not tie knots.
const maxDepth = 12

// read checks one node and what is below it, remembering where each stands.
func (s *strictReader) read(n *yaml.Node, t reflect.Type, path string, depth int) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if s.lines[path] == 0 { // in a mapping the word before says where
		s.lines[path] = n.Line
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if depth > maxDepth {
		s.bad = append(s.bad, fault.Field{Location: path, Key: "fault.catalogue_type", Args: map[string]any{"want": kindWord(t)}})
		return
	}
	if n.Tag == "!!null" {
		return
	}
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		if n.Kind == yaml.MappingNode {
			s.mapping(n, t, path, depth)
			return
		}
	case reflect.Slice:
		if n.Kind == yaml.SequenceNode {
			for i, item := range n.Content {
				s.read(item, t.Elem(), fmt.Sprintf("%s[%d]", path, i), depth+1)
			}
			return
		}
	case reflect.String:
		if n.Kind == yaml.ScalarNode {
			return // a date or a number reads as the text it is
		}
	default:
		if n.Kind == yaml.ScalarNode && n.Decode(reflect.New(t).Interface()) == nil {
			return
		}
	}
	s.bad = append(s.bad, fault.Field{Location: path, Key: "fault.catalogue_type", Args: map[string]any{"want": kindWord(t)}, Value: short(n.Value)})
}

// mapping checks the words of a mapping and what they stand for.
func (s *strictReader) mapping(n *yaml.Node, t reflect.Type, path string, depth int) {
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := key.Value
		if path != "" {
			at = path + "." + key.Value
		}
		s.lines[at] = key.Line
		if seen[key.Value] {
			s.bad = append(s.bad, fault.Field{Location: at, Key: "fault.catalogue_twice"})
			continue
		}
		seen[key.Value] = true
		if t.Kind() == reflect.Map {
			s.read(value, t.Elem(), at, depth+1)
			continue
		}
		field, ok := yamlField(t, key.Value)
		if !ok {
			s.bad = append(s.bad, fault.Field{Location: at, Key: "fault.catalogue_word", Args: map[string]any{"known": yamlWords(t)}})
			continue
		}
		s.read(value, field.Type, at, depth+1)
	}
}

func yamlField(t reflect.Type, word string) (reflect.StructField, bool) {
	for f := range t.Fields() {
		if f.IsExported() && f.Tag.Get("yaml") == word {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

func yamlWords(t reflect.Type) string {
	var words []string
	for f := range t.Fields() {
		if f.IsExported() {
			words = append(words, f.Tag.Get("yaml"))
		}
	}
	return strings.Join(words, ", ")
}

// kindWord names what is expected, in YAML's own terms.
func kindWord(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		return "mapping"
	case reflect.Slice:
		return "list"
	case reflect.Bool:
		return "true/false"
	case reflect.String:
		return "text"
	}
	return "number"
}

// short keeps an answer readable when the wrong value is a page long.
func short(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:59]) + "…"
	}
	return s
}
