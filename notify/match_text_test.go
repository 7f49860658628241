package notify_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"neuvo/notify"
)

const (
	ownPhone = "+358401110004"
	desk1    = "+358457000001"
)

// phoneFacts is what is known of a phone with two open jobs: 4 on number desk1
// with the code K2, 5 on the same number with the code W2; 6 is closed.
func phoneFacts(change func(f *notify.Facts)) notify.Facts {
	f := notify.Facts{
		Pairs: []int64{4, 5}, Codes: map[string]int64{"K2": 4, "W2": 5},
		Conversations: map[int64]notify.ConversationFact{
			4: {Subject: "job:4", SenderTakesPart: true, Open: true},
			5: {Subject: "job:5", SenderTakesPart: true, Open: true},
			6: {Subject: "job:6", SenderTakesPart: true, LongClosed: true},
		},
		Sender: []int64{5, 4, 6},
		Texts: []notify.TextFact{
			{MessageFact: notify.MessageFact{ID: 41, ConversationID: 4}, Body: "Hei Carola, ABC-123 on vastaanotettu. Liisa"},
			{MessageFact: notify.MessageFact{ID: 51, ConversationID: 5}, Body: "Hei Carola, XYZ-789 on vastaanotettu. Liisa"},
			{MessageFact: notify.MessageFact{ID: 42, ConversationID: 4}, Body: "Autosi on valmis."},
			{MessageFact: notify.MessageFact{ID: 52, ConversationID: 5}, Body: "Autosi on valmis."},
		},
	}
	if change != nil {
		change(&f)
	}
	return f
}

func asks(id int64, what string) func(f *notify.Facts) {
	return func(f *notify.Facts) {
		c := f.Conversations[id]
		c.Asks, c.Asked = what, notify.MessageFact{ID: id * 10, ConversationID: id, Occasion: what}
		f.Conversations[id] = c
	}
}

func closed(ids ...int64) func(f *notify.Facts) {
	return func(f *notify.Facts) {
		for _, id := range ids {
			c := f.Conversations[id]
			c.Open = false
			f.Conversations[id] = c
		}
	}
}

func all(changes ...func(f *notify.Facts)) func(f *notify.Facts) {
	return func(f *notify.Facts) {
		for _, c := range changes {
			c(f)
		}
	}
}

func pairs(ids ...int64) func(f *notify.Facts) { return func(f *notify.Facts) { f.Pairs = ids } }

func TestATextFindsItsJob(t *testing.T) {
	for name, c := range map[string]struct {
		body       string
		change     func(f *notify.Facts)
		want       int64
		rule       string
		confidence string
	}{
		"by the number that only one job has":                     {"Tulen viideltä", pairs(4), 4, "pair", notify.Certain},
		"by the number, also when the job is over":                {"5", all(pairs(6), recent(6)), 6, "pair", notify.Certain},
		"by a code alone":                                         {"K2", nil, 4, "code", notify.Certain},
		"by a code in small letters, with a space":                {"k 2", nil, 4, "code", notify.Certain},
		"by a code at the beginning":                              {"W2 Tulen viideltä", nil, 5, "code", notify.Certain},
		"by a code in the middle of a sentence":                   {"Moi, siis se W2 haetaan viideltä", nil, 5, "code", notify.Certain},
		"by a code with a full stop":                              {"Haen sen viideltä, K2.", nil, 4, "code", notify.Certain},
		"by a code in brackets":                                   {"Haen sen (K2) viideltä", nil, 4, "code", notify.Certain},
		"by a code before a score":                                {"K2 5", nil, 4, "code", notify.Certain},
		"by a code of one that number and code agree on":          {"K2 ok", pairs(4), 4, "pair", notify.Certain},
		"by an English tapback":                                   {"Liked “Hei Carola, ABC-123 on vastaanotettu. Liisa”", nil, 4, "reaction", notify.Certain},
		"by a Finnish tapback":                                    {"Tykkäsi viestistä ”Hei Carola, XYZ-789 on vastaanotettu. Liisa”", nil, 5, "reaction", notify.Certain},
		"by a Swedish tapback":                                    {"Gillade ”Hei Carola, XYZ-789 on vastaanotettu. Liisa”", nil, 5, "reaction", notify.Certain},
		"by an emoji of Android":                                  {"\u200a\u200b👍\u200b to \u201c\u200aHei Carola, ABC-123 on vastaanotettu. Liisa\u200a\u201d", nil, 4, "reaction", notify.Certain},
		"by a Finnish emoji of Android":                           {"❤️ viestiin ”Hei Carola, ABC-123 on vastaanotettu. Liisa”", nil, 4, "reaction", notify.Certain},
		"by a Swedish emoji of Android":                           {"😂 till ”Hei Carola, ABC-123 on vastaanotettu. Liisa”", nil, 4, "reaction", notify.Certain},
		"by an emoji of iOS 18":                                   {"Reacted 🎉 to “Hei Carola, ABC-123 on vastaanotettu. Liisa”", nil, 4, "reaction", notify.Certain},
		"by a mark that was taken back":                           {"Removed a like from “Hei Carola, ABC-123 on vastaanotettu. Liisa”", nil, 4, "reaction", notify.Certain},
		"by a German tapback":                                     {"Hat „Hei Carola, ABC-123 on vastaanotettu. Liisa“ mit „Gefällt mir“ markiert", nil, 4, "reaction", notify.Certain},
		"by a Norwegian tapback":                                  {"Likte «Hei Carola, XYZ-789 on vastaanotettu. Liisa»", nil, 5, "reaction", notify.Certain},
		"by a mark in words that nobody knows":                    {"Megjelölte: “Hei Carola, XYZ-789 on vastaanotettu. Liisa”", nil, 5, "reaction", notify.Certain},
		"by a quotation that was cut":                             {"Questioned “Hei Carola, XYZ-789 on vast…”", nil, 5, "reaction", notify.Certain},
		"by the only question that is out":                        {"4", asks(4, "survey"), 4, "asked", notify.Inferred},
		"by the only question, a yes":                             {"Kyllä kiitos", asks(5, "confirmation"), 5, "asked", notify.Inferred},
		"by the only question, on a job that is over":             {"5!", all(asks(6, "survey"), pairs()), 6, "asked", notify.Inferred},
		"by the only question, at length, when nothing else is":   {"Kaikki meni todella hienosti ja auto on kuin uusi", all(asks(4, "survey"), closed(5)), 4, "asked", notify.Inferred},
		"by the only open job":                                    {"Tulen viideltä hakemaan auton", closed(5), 4, "only_open_job", notify.Inferred},
		"by the only open job that the phone knows by the number": {"Tulen viideltä", pairs(5, 6), 5, "only_open_job", notify.Inferred},
		"by the only open job, with a code that was never given":  {"K9", closed(5), 4, "only_open_job", notify.Inferred},
	} {
		t.Run(name, func(t *testing.T) {
			p := notify.Parsed{Kind: notify.Human, Channel: notify.SMS, From: ownPhone, Number: desk1, Text: c.body, ReplyText: c.body}
			got := notify.Match(p, phoneFacts(c.change))
			if got.ConversationID != c.want || got.Rule != c.rule || got.Confidence != c.confidence || got.Evidence == "" || !got.Verified {
				t.Errorf("placed on %d by %q (%s, %s, verified %t), want %d by %q; %s",
					got.ConversationID, got.Rule, got.Confidence, got.Evidence, got.Verified, c.want, c.rule, got.Reason)
			}
			if c.rule == "reaction" != (got.Reaction != "") {
				t.Errorf("reaction %q", got.Reaction)
			}
		})
	}
}

func TestATextThatNamesNoJobIsNeverGuessed(t *testing.T) {
	both := []string{"job:5", "job:4", "job:6"}
	for name, c := range map[string]struct {
		body       string
		change     func(f *notify.Facts)
		reason     string
		candidates []string
	}{
		"two open jobs":                                  {"Tulen viideltä", nil, notify.ReasonSeveral, []string{"job:5", "job:4"}},
		"a bare score with two questions out":            {"4", all(asks(4, "survey"), asks(5, "survey")), notify.ReasonSeveral, []string{"job:5", "job:4"}},
		"words at length beside a question":              {"Voitteko vaihtaa samalla myös pyyhkijänsulat autoon", asks(4, "survey"), notify.ReasonSeveral, []string{"job:5", "job:4"}},
		"a question beside a question":                   {"Milloin?", asks(4, "survey"), notify.ReasonSeveral, []string{"job:5", "job:4"}},
		"a score that looks like nothing else":           {"5", nil, notify.ReasonSeveral, []string{"job:5", "job:4"}},
		"STOP with a number":                             {"STOP 12345", nil, notify.ReasonSeveral, []string{"job:5", "job:4"}},
		"a code that this phone was never given":         {"U7", nil, notify.ReasonSeveral, []string{"job:5", "job:4"}},
		"the model of a car":                             {"Audi A4 on pihalla", nil, notify.ReasonSeveral, []string{"job:5", "job:4"}},
		"a plate that holds a code":                      {"Autoni on ABK-2W2", nil, notify.ReasonSeveral, []string{"job:5", "job:4"}},
		"an oil that holds a code":                       {"Laita 5W20 öljy, W2.5 ei käy", nil, notify.ReasonSeveral, []string{"job:5", "job:4"}},
		"a code within a word":                           {"Wk2x", nil, notify.ReasonSeveral, []string{"job:5", "job:4"}},
		"two codes":                                      {"K2 ja W2", nil, notify.ReasonDisagree, []string{"job:4", "job:5"}},
		"a code against the number":                      {"W2 ok", pairs(4), notify.ReasonDisagree, []string{"job:4", "job:5"}},
		"a tapback on words that went to two jobs":       {"Liked “Autosi on valmis.”", nil, notify.ReasonDisagree, []string{"job:4", "job:5"}},
		"a tapback on words that we never sent":          {"Liked “Nähdään illalla”", nil, notify.ReasonSeveral, []string{"job:5", "job:4"}},
		"words after a quotation that are no quotation":  {`Sanoit "Autosi on valmis." mutta ei ole`, nil, notify.ReasonSeveral, []string{"job:5", "job:4"}},
		"nothing open":                                   {"Kiitos!", all(closed(4, 5), pairs()), notify.ReasonNoSignal, both},
		"one open job and one that ended a few days ago": {"Kiitos!", all(closed(5), recent(5)), notify.ReasonSeveral, []string{"job:5", "job:4"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := notify.Parsed{Kind: notify.Human, Channel: notify.SMS, From: ownPhone, Number: desk1, Text: c.body, ReplyText: c.body}
			got := notify.Match(p, phoneFacts(c.change))
			var subjects []string
			for _, x := range got.Candidates {
				subjects = append(subjects, x.Subject)
			}
			if got.ConversationID != 0 || !strings.HasPrefix(got.Reason, c.reason) {
				t.Errorf("placed on %d by %s with reason %q, want triage with %q", got.ConversationID, got.Rule, got.Reason, c.reason)
			}
			if diff := cmp.Diff(c.candidates, subjects); diff != "" {
				t.Errorf("candidates (-want +got):\n%s", diff)
			}
		})
	}
}

func recent(id int64) func(f *notify.Facts) {
	return func(f *notify.Facts) {
		c := f.Conversations[id]
		c.Recent, c.LongClosed = true, false
		f.Conversations[id] = c
	}
}

func TestMailOfAParticipantIsPlacedByWhatAStrangersIsNot(t *testing.T) {
	facts := func(partakes bool) notify.Facts {
		f := notify.Facts{
			Markers: map[string]notify.AddressFact{"desk+one@r": {ConversationID: 1, Valid: true}},
			Foreign: map[string][]int64{"c@own": {2}, "twice@own": {1, 2}},
			Tags:    map[string]int64{"NV-7K3Q9": 3},
			Conversations: map[int64]notify.ConversationFact{
				1: {Subject: "job:1", SenderTakesPart: partakes, Open: true}, 2: {Subject: "job:2", SenderTakesPart: partakes, Open: true},
				3: {Subject: "job:3", SenderTakesPart: partakes, Open: true},
			},
		}
		if partakes {
			f.Sender = []int64{3, 2, 1}
		}
		return f
	}
	for name, c := range map[string]struct {
		parsed notify.Parsed
		only   func(f *notify.Facts)
		want   int64
		rule   string
		reason string
	}{
		"the Message-ID of a mail that the customer sent": {notify.Parsed{InReplyTo: "<c@own>"}, none("markers", "tags"), 2, "foreign", ""},
		"one further back in References":                  {notify.Parsed{References: []string{"<c@own>", "<x@y>"}}, none("markers", "tags"), 2, "foreign", ""},
		"a Message-ID that stands on two jobs":            {notify.Parsed{InReplyTo: "<twice@own>"}, none("markers", "tags"), 0, "", notify.ReasonDisagree},
		"our address as a quotation leaves it":            {notify.Parsed{}, none("tags"), 1, "marker", ""},
		"a reference in the subject":                      {notify.Parsed{}, none("markers"), 3, "tag", ""},
		"a reference against a quotation":                 {notify.Parsed{}, none(), 0, "", notify.ReasonDisagree},
	} {
		t.Run(name, func(t *testing.T) {
			c.parsed.Kind, c.parsed.Channel, c.parsed.From = notify.Human, notify.Email, "a@b"
			f := facts(true)
			c.only(&f)
			got := notify.Match(c.parsed, f)
			if got.ConversationID != c.want || got.Rule != c.rule || !strings.HasPrefix(got.Reason, c.reason) {
				t.Errorf("a participant's: on %d by %q, %q", got.ConversationID, got.Rule, got.Reason)
			}
			f = facts(false)
			c.only(&f)
			if got := notify.Match(c.parsed, f); got.ConversationID != 0 || got.Reason != notify.ReasonNoSignal || len(got.Candidates) != 0 {
				t.Errorf("a stranger's: on %d by %q, %q, %v", got.ConversationID, got.Rule, got.Reason, got.Candidates)
			}
			c.parsed.Kind = notify.Auto
			f = facts(true)
			c.only(&f)
			if got := notify.Match(c.parsed, f); got.ConversationID != 0 {
				t.Errorf("a machine's: on %d by %q", got.ConversationID, got.Rule)
			}
		})
	}
}

// none leaves out some of the signs that lie in the facts.
func none(what ...string) func(f *notify.Facts) {
	return func(f *notify.Facts) {
		for _, w := range what {
			switch w {
			case "markers":
				f.Markers = nil
			case "tags":
				f.Tags = nil
			}
		}
	}
}

func TestOurAddressIsFoundInAQuotation(t *testing.T) {
	made := addresses(t, "desk+{token}@reply.neuvo.test", testKey)
	one, two := made.For(1), made.For(77)
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"an attribution":           {"Kiitos!\n\nma 23.11. Satu Salo <" + one + "> kirjoitti:\n> Hei", []string{one}},
		"a header of Outlook":      {"Ok\n\nFrom: Satu <mailto:" + strings.ToUpper(two) + ">\nSent: Monday", []string{two}},
		"twice the same":           {one + " " + one, []string{one}},
		"two":                      {one + ", " + two, []string{one, two}},
		"a longer domain":          {one + ".evil.test and desk@reply.neuvo.test", nil},
		"the end of a sentence":    {"Write to " + one + ".", []string{one}},
		"nothing of ours":          {"a@b.test desk@reply.neuvo.test reply.neuvo.test", nil},
		"the sign before a domain": {"@reply.neuvo.test", nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, made.Find(c.text)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
