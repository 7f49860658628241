package web

import (
	"encoding/csv"
	"net/http/httptest"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"neuvo/survey"
)

func TestTheReportIsForManagersAndAdvisorsSeeTheirOwn(t *testing.T) {
	b := onSQLite(t)
	token := b.askedSurvey()
	b.send("", "POST", "/api/v1/surveys/"+token, object{"score": 5, "comment": "Kiitos Sannalle, nopea palvelu"}).want(200)
	const path = "/api/v1/reports/satisfaction?from=2026-11-01&to=2026-12-31"
	b.send("", "GET", path, nil).want(401)
	for _, who := range []string{boss, sanna} {
		b.send(who, "GET", path+"&by=advisor", nil).want(200).equal(
			"by", "advisor", "rows.0.key", "11", "rows.0.name", "Sanna Niemi", "rows.0.asked", 1, "rows.0.answered", 1,
			"rows.0.response_rate", 1, "rows.0.csat", 1, "rows.0.interval.high", 1, "rows.0.shrunk", 1, "rows.0.ranked", false, "rows.0.facts.photos", 0)
	}
	if rows := b.send(olli, "GET", path, nil).want(200).items("rows"); len(rows) != 0 {
		t.Errorf("another workshop's advisor sees %v", rows)
	}
	b.send(sanna, "GET", path+"&advisor_id=12", nil).want(403)
	b.send(boss, "GET", path+"&advisor_id=12", nil).want(200)
	b.send(boss, "GET", path+"&by=week", nil).want(200).equal("rows.0.key", "2026-W48", "rows.0.shrunk", nil)
	b.send(boss, "GET", path+"&by=colour", nil).want(422)
	b.send(boss, "GET", "/api/v1/reports/satisfaction?from=2010-01-01&to=2026-01-01", nil).want(422).equal("errors.0.location", "query.from")
	b.send(sanna, "GET", "/api/v1/surveys?advisor_id=12", nil).want(403)
	if items := b.send(olli, "GET", "/api/v1/surveys", nil).want(200).items("items"); len(items) != 0 {
		t.Errorf("another's answers are listed: %v", items)
	}
}

func TestThePageOfTheReportTellsAndExports(t *testing.T) {
	b := onSQLite(t)
	token := b.askedSurvey()
	b.open("/s/"+token).form("/s/"+token).set("score", "5").set("comment", "=Kiitos Sannalle").send().want(200)
	b.atDesk(boss)
	page := b.open("/desk/satisfaction?lang=en").want(200).says("Expectations met", "100", "By advisor", "Sanna Niemi", "Praise by name", "=Kiitos Sannalle", "Distribution of answers")
	var source strings.Builder
	b.must(html.Render(&source, page.root))
	for _, drawn := range []string{`<svg class="plot"`, `<circle class="plot-point"`, `class="bar-fill"`} {
		if !strings.Contains(source.String(), drawn) {
			t.Errorf("no %s on the page", drawn)
		}
	}
	b.open("/desk/satisfaction?lang=fi&from=2010-01-01").want(422)
	// An advisor sees the figures of one answer, and not who it came from.
	b.open("/desk").form("/desk/sign-out").send()
	b.atDesk(sanna)
	b.open("/desk/satisfaction?lang=en").want(200).says("Sanna Niemi").saysNot("=Kiitos Sannalle")

	got := b.send(boss, "GET", "/desk/satisfaction/export?format=csv&from=2026-11-01&to=2026-12-31", nil).want(200)
	lines, err := csv.NewReader(strings.NewReader(string(got.raw))).ReadAll()
	if err != nil || len(lines) != 2 || len(lines[0]) != len(lines[1]) || lines[1][1] != "Sanna Niemi" || lines[1][6] != "1.0000" {
		t.Errorf("CSV %q: %v", lines, err)
	}
	b.send(boss, "GET", "/desk/satisfaction/export?format=json", nil).want(200).equal(
		"rows.advisor.0.name", "Sanna Niemi", "rows.week.0.asked", 1, "comments.0.comment", "=Kiitos Sannalle")
	if own := b.send(sanna, "GET", "/desk/satisfaction/export?format=json", nil).want(200).items("comments"); len(own) != 0 {
		t.Errorf("an advisor exports %v", own)
	}
}

func TestANameThatLooksLikeAFormulaIsNoneInTheCSV(t *testing.T) {
	w := httptest.NewRecorder()
	if err := writeCSV(w, []survey.Row{{Key: "1", Name: `=HYPERLINK("x")`}}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(w.Body.String(), `"'=HYPERLINK(""x"")"`) {
		t.Errorf("wrote %s", w.Body)
	}
}

func TestAScannerThatPressesEveryButtonHasNoVote(t *testing.T) {
	b := onSQLite(t)
	token := b.askedSurvey()
	for _, score := range []string{"1", "2", "3", "4", "5"} {
		b.open("/s/"+token).form("/s/"+token).set("score", score).send()
	}
	b.open("/s/" + token + "?lang=en").want(200).saysNot("You answered")
	b.send(boss, "GET", "/api/v1/surveys", nil).want(200).equal("items.0.state", "asked", "items.0.score", nil)
	if waiting := b.send(boss, "GET", "/api/v1/reports/satisfaction?by=workshop", nil).want(200); len(waiting.items("rows")) == 1 {
		waiting.equal("rows.0.answered", 0, "rows.0.csat", nil)
	}
}

func TestWhatIsAskedIsSetOnThePage(t *testing.T) {
	b := onSQLite(t)
	b.atDesk(boss)
	page := b.open("/desk/settings?lang=en").want(200)
	page.form("/desk/settings/survey?workshop=1").set("survey_scale", "effort-7").set("survey_from", "10:00").set("survey_until", "09:00").send().
		want(422).says("The end time must come after the start.")
	page.form("/desk/settings/survey?workshop=1").set("survey_scale", "effort-7").set("survey_reminder_days", "3").set("review_url", "http://x.example").send().
		want(422).says("https://")
	page.form("/desk/settings/survey?workshop=1").set("survey_scale", "effort-7").set("survey_reminder_days", "3").set("review_url", "https://review.example.com/x").send().want(200)
	b.send(boss, "GET", "/api/v1/workshops", nil).want(200).equal("items.0.survey_scale", "effort-7", "items.0.survey_reminder_days", 3,
		"items.0.survey_from", "09:00", "items.0.survey_throttle_days", 30, "items.0.review_url", "https://review.example.com/x")
	// Everybody who answers is invited alike.
	token := b.askedSurvey()
	b.open("/s/"+token+"?lang=en").want(200).form("/s/"+token).set("score", "1").send().want(200).says("Write a review")
}
