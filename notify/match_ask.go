package notify

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"neuvo/internal/db"
	"neuvo/templates"
)

const (
	// listPrefix begins the subject of the conversation in which a phone is asked
	// what its text is about. Nothing is ever placed there.
	listPrefix = "phone:"
	// occasionWhich is the text with the list, asksWhich what it asks.
	occasionWhich, asksWhich = "which_job", "which_job"
	// askAgainAfter is how long nobody is asked a second time, whatever comes.
	askAgainAfter = 24 * time.Hour
	// chosenWithin is how old a waiting text may be to be placed by an answer.
	chosenWithin = 7 * 24 * time.Hour
)

func isList(subject string) bool { return strings.HasPrefix(subject, listPrefix) }

// askBack puts a text that may belong to several conversations in front of the
// people of all of them and, once, asks the customer which one is meant.
func (n *Notifier) askBack(ctx context.Context, in *Inbound, p Parsed, f Facts) error {
	if n.subjects == nil || p.Channel != SMS || p.Kind.machine() || len(in.Candidates) == 0 {
		return nil
	}
	if err := n.subjects.Doubt(ctx, *in, subjectsOf(in.Candidates), false); err != nil {
		return fmt.Errorf("tell whom it may concern: %w", err)
	}
	list := toAsk(p, f, in.Reason)
	if len(list) == 0 {
		return nil
	}
	if asked, err := n.asking(ctx, p.From); err != nil || asked {
		return err
	}
	ctx = n.answering(ctx, &Message{FromAddress: in.FromAddress, CreatedAt: in.ReceivedAt})
	return n.sendList(ctx, p, f, list)
}

// toAsk lists the conversations that the sender of a text is asked to choose from,
// none where there is nothing to ask or too much.
func toAsk(p Parsed, f Facts, reason string) []int64 {
	list := possible(p, f)
	kind, _ := readReaction(p.ReplyText)
	if p.Channel != SMS || p.Kind.machine() || kind != "" || reason != ReasonSeveral || len(list) < 2 || len(list) > maxCandidates {
		return nil
	}
	return list
}

// sendList asks a customer which conversation is meant.
func (n *Notifier) sendList(ctx context.Context, p Parsed, f Facts, list []int64) error {
	subjects := make([]string, len(list))
	for i, id := range list {
		subjects[i] = f.Conversations[id].Subject
	}
	known, err := n.subjects.Describe(ctx, subjects)
	if err != nil {
		return fmt.Errorf("describe what is open: %w", err)
	}
	codes, err := n.codesFor(ctx, p.From, list)
	if err != nil {
		return fmt.Errorf("give codes: %w", err)
	}
	var lines, names []string
	locale := ""
	for i, id := range list {
		d, ok := known[subjects[i]]
		if !ok || codes[id] == "" {
			return nil // an incomplete list would mislead
		}
		lines = append(lines, codes[id]+" "+d.Label)
		if first, _, _ := strings.Cut(d.Author, " "); first != "" && !strings.Contains(strings.Join(names, " "), first) {
			names = append(names, first)
		}
		if locale == "" {
			locale = d.Locale
		}
	}
	body := templates.T(locale, "notify.which_job", map[string]any{
		"list": strings.Join(lines, "\n"), "code": codes[list[0]], "names": strings.Join(names, ", "),
	})
	at, err := n.wakingNobody(ctx, subjects[0], p.From)
	if err != nil {
		return err
	}
	m, err := n.Send(ctx, Outgoing{
		NotBefore: at, Subject: listPrefix + p.From, Channel: SMS, To: p.From, Author: strings.Join(names, ", "), Occasion: occasionWhich,
		Purpose: JobUpdate, Locale: locale, Body: body, ExpiresAt: db.At(n.opt.Now().Add(askAgainAfter)),
		Asks: asksWhich, AsksUntil: db.At(n.opt.Now().Add(askAgainAfter)),
	})
	if err != nil || p.Number == "" {
		return err
	}
	return n.sendFrom(ctx, m.ID, p.Number)
}

// chosen places what waited for the answer that has just come in: the texts of
// this phone that may belong where its code says. A code for which nothing waited
// goes to the handlers like any other text.
func (n *Notifier) chosen(ctx context.Context, a attached, m *Message) error {
	waiting, err := n.waitingOf(ctx, a.in.FromAddress, db.At(n.opt.Now().Add(-chosenWithin)))
	if err != nil {
		return err
	}
	var possible []string
	for i := range waiting {
		possible = append(possible, subjectsOf(waiting[i].Candidates)...)
	}
	var known map[string]Description
	if n.subjects != nil && len(possible) > 0 {
		if known, err = n.subjects.Describe(ctx, possible); err != nil {
			return fmt.Errorf("describe what the waiting texts may be about: %w", err)
		}
	}
	placed := 0
	for i := range waiting {
		row := &waiting[i]
		named := subjectsOf(row.Candidates)
		if !slices.Contains(named, a.subject) {
			continue
		}
		if n.namesAnother(row.Body, a, named, known) {
			continue
		}
		_, err := n.attach(ctx, attached{in: row, subject: a.subject, where: Placement{
			ConversationID: a.where.ConversationID, Rule: RuleAnswered, Evidence: a.where.Evidence, Confidence: Certain, Verified: a.where.Verified,
		}})
		if err != nil {
			return fmt.Errorf("place inbound message %d, which waited for the answer: %w", row.ID, err)
		}
		if err := n.doubtOver(ctx, row, named); err != nil {
			return err
		}
		placed++
	}
	if placed == 0 && withoutCode(m.Body, a.where.Evidence) == "" {
		return n.reply(ctx, Reply{Subject: a.subject, Message: *m})
	}
	return n.Answered(ctx, listPrefix+a.in.FromAddress)
}

// namesAnother tells whether a text that waits says itself that it is about
// something else than the answer that has come since: by another code, by a
// reference, by the plate of another of its candidates. It stays with a person.
func (n *Notifier) namesAnother(text string, a attached, named []string, known map[string]Description) bool {
	if codes := codesIn(text); len(codes) > 0 && !slices.Contains(codes, a.where.Evidence) {
		return true
	}
	if n.subjects != nil && len(n.subjects.TagsIn(text)) > 0 {
		return true
	}
	said := plain(text)
	for _, subject := range named {
		words := strings.Fields(known[subject].Label)
		if subject == a.subject || len(words) == 0 {
			continue
		}
		plate := plain(words[len(words)-1])
		if len(plate) > 3 && strings.ContainsAny(plate, "0123456789") && strings.Contains(said, plate) {
			return true
		}
	}
	return false
}

// plain leaves only letters and digits of a text, so that a plate is found
// however it is typed.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToUpper(r)
		}
		return -1
	}, s)
}

// read prepares what the handlers see of a text: without the code that only says
// where it belongs, and as a mark where it is one. bare: there was nothing else.
func (r *Reply) read(where Placement) (bare bool) {
	r.Reaction = where.Reaction
	if where.Rule != RuleCode {
		return false
	}
	r.Message.Body = withoutCode(r.Message.Body, where.Evidence)
	return r.Message.Body == ""
}

// doubtOver takes a text that has found its place off the others' screens.
func (n *Notifier) doubtOver(ctx context.Context, in *Inbound, subjects []string) error {
	if n.subjects == nil || in.Channel != SMS || len(subjects) == 0 {
		return nil
	}
	if err := n.subjects.Doubt(ctx, *in, subjects, true); err != nil {
		return fmt.Errorf("tell that it has found its place: %w", err)
	}
	return nil
}

// subjectsOf lists what candidates are about.
func subjectsOf(candidates []Candidate) []string {
	list := make([]string, len(candidates))
	for i, c := range candidates {
		list[i] = c.Subject
	}
	return list
}
