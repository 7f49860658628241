package booking

import (
	"context"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"neuvo/internal/db"
	"neuvo/internal/fault"
	"neuvo/notify"
	"neuvo/templates"
)

// OwnText is what a workshop says on an occasion in its own words.
type OwnText struct {
	WorkshopID int64          `gorm:"primaryKey;autoIncrement:false"`
	Occasion   string         `gorm:"primaryKey"` // one of templates.Occasions
	Locale     string         `gorm:"primaryKey"`
	Channel    notify.Channel `gorm:"primaryKey"` // SMS or Email
	Title      string         // of an e-mail
	Body       string
	ChangedAt  db.Time
	StaffID    int64 // who wrote it
}

// TableName names the table.
func (OwnText) TableName() string { return "own_texts" }

// TextChannels are the channels for which texts are written.
var TextChannels = []notify.Channel{notify.SMS, notify.Email}

// MaxTextParts is how many SMS a text may take with example data.
const MaxTextParts = 6

// TextEntry is what is said on an occasion: the workshop's own words or ours.
type TextEntry struct {
	OwnText
	Own bool // it is the workshop's own
}

// textKey names a text of a workshop.
type textKey struct {
	occasion, locale string
	channel          notify.Channel
}

func (t *OwnText) key() textKey { return textKey{t.Occasion, t.Locale, t.Channel} }

// spoken keeps what workshops say in their own words, ready to be filled in, for
// as long as its version holds.
type spoken struct {
	mu    sync.Mutex
	shops map[int64]ownWordsOf
}

type ownWordsOf struct {
	version int64
	words   map[textKey]*templates.Own
}

// maxSpoken workshops are remembered at a time.
const maxSpoken = 1000

// ownTexts gives what a workshop says in its own words. The version stands on
// the workshop, which every text needs anyway: only the first text after a
// change asks the database, and of a workshop without own words none does.
func (d *Desk) ownTexts(ctx context.Context, shop *Workshop) (map[textKey]*templates.Own, error) {
	if shop.TextsVersion == 0 {
		return nil, nil
	}
	s := &d.spoken
	s.mu.Lock()
	known, ok := s.shops[shop.ID]
	s.mu.Unlock()
	if ok && known.version == shop.TextsVersion {
		return known.words, nil
	}
	rows, err := d.ownTextRows(ctx, shop.ID)
	if err != nil {
		return nil, err
	}
	known = ownWordsOf{version: shop.TextsVersion, words: map[textKey]*templates.Own{}}
	for _, row := range rows {
		own, flaws := templates.Compile(row.Title, row.Body)
		if len(flaws) > 0 { // a field that this version of the program does not know
			d.opt.Log.WarnContext(ctx, "a text of a workshop cannot be read, ours is said instead", "workshop", shop.ID, "occasion", row.Occasion, "locale", row.Locale)
			continue
		}
		known.words[row.key()] = own
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shops == nil || len(s.shops) >= maxSpoken {
		s.shops = map[int64]ownWordsOf{}
	}
	s.shops[shop.ID] = known
	return known.words, nil
}

// Compose writes what is said to a customer on an occasion over a channel: in
// the workshop's own words where it has some, else in ours. title is empty but
// for e-mail. An occasion without an e-mail of its own sends the words of its
// text.
func (d *Desk) Compose(ctx context.Context, shop *Workshop, channel notify.Channel, locale, occasion string, data templates.TextData) (title, body string, err error) {
	words, err := d.ownTexts(ctx, shop)
	if err != nil {
		return "", "", err
	}
	mail := channel == notify.Email
	if own := words[textKey{occasion, locale, channel}]; own != nil {
		if mail {
			title, body = own.Mail(locale, data)
			return title, body, nil
		}
		return "", own.Text(locale, data), nil
	}
	if !mail {
		body, err = templates.Text(locale, occasion, data)
		return "", body, err
	}
	title, body, err = templates.Mail(locale, occasion, data)
	if own := words[textKey{occasion, locale, notify.SMS}]; err == nil && own != nil && !templates.HasMail(locale, occasion) {
		body = own.Text(locale, data)
	}
	return title, body, err
}

// Texts gives all that is said at a workshop, occasion by occasion, in every
// language and on every channel.
func (d *Desk) Texts(ctx context.Context, workshopID int64) ([]TextEntry, error) {
	rows, err := d.ownTextRows(ctx, workshopID)
	if err != nil {
		return nil, err
	}
	own := map[textKey]OwnText{}
	for _, row := range rows {
		own[row.key()] = row
	}
	var out []TextEntry
	for _, occasion := range templates.Occasions {
		for _, locale := range templates.Locales {
			for _, channel := range TextChannels {
				t := OwnText{WorkshopID: workshopID, Occasion: occasion, Locale: locale, Channel: channel}
				row, is := own[t.key()]
				if !is {
					row = t
					row.Title, row.Body = templates.Ours(locale, occasion, channel == notify.Email)
				}
				out = append(out, TextEntry{row, is})
			}
		}
	}
	return out, nil
}

// Text gives one of Texts; NotFound where there is no such occasion, language or
// channel.
func (d *Desk) Text(ctx context.Context, t OwnText) (*TextEntry, error) {
	if err := t.known(); err != nil {
		return nil, err
	}
	rows, err := d.ownTextRows(ctx, t.WorkshopID)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(rows, func(row OwnText) bool { return row.key() == t.key() }); i >= 0 {
		return &TextEntry{rows[i], true}, nil
	}
	t.Title, t.Body = templates.Ours(t.Locale, t.Occasion, t.Channel == notify.Email)
	return &TextEntry{t, false}, nil
}

// known tells whether there is such a text at all.
func (t *OwnText) known() error {
	if !slices.Contains(templates.Occasions, t.Occasion) || !slices.Contains(templates.Locales, t.Locale) || !slices.Contains(TextChannels, t.Channel) {
		return notFound()
	}
	return nil
}

// SetText stores what a workshop says in its own words, once nothing about it is
// to be mended (Invalid). Words that are ours are not stored: they follow ours.
func (d *Desk) SetText(ctx context.Context, by Manager, t OwnText) (*TextEntry, error) {
	if err := t.known(); err != nil {
		return nil, err
	}
	err := d.db.Tx(ctx, func(ctx context.Context) error {
		shop, err := d.textShop(ctx, by, t.WorkshopID)
		if err != nil {
			return err
		}
		if _, err := d.checkText(shop, &t); err != nil {
			return err
		}
		before, err := d.Text(ctx, t)
		if err != nil || before.Title == t.Title && before.Body == t.Body {
			return err
		}
		if title, body := templates.Ours(t.Locale, t.Occasion, t.Channel == notify.Email); title == t.Title && body == t.Body {
			return d.resetText(ctx, by, before)
		}
		t.ChangedAt, t.StaffID = d.now(), by.Actor.StaffID
		if err := d.saveOwnText(ctx, &t); err != nil {
			return err
		}
		return d.record(ctx, by, t.WorkshopID, "text", 0, t.name(), said(before), said(&TextEntry{t, true}))
	})
	if err != nil {
		return nil, err
	}
	return d.Text(ctx, t)
}

// ResetText puts ours back in place of a workshop's own words. A second time is
// harmless.
func (d *Desk) ResetText(ctx context.Context, by Manager, t OwnText) error {
	if err := t.known(); err != nil {
		return err
	}
	return d.db.Tx(ctx, func(ctx context.Context) error {
		if _, err := d.textShop(ctx, by, t.WorkshopID); err != nil {
			return err
		}
		before, err := d.Text(ctx, t)
		if err != nil || !before.Own {
			return err
		}
		return d.resetText(ctx, by, before)
	})
}

func (d *Desk) resetText(ctx context.Context, by Manager, before *TextEntry) error {
	if err := d.deleteOwnText(ctx, &before.OwnText); err != nil {
		return err
	}
	ours := TextEntry{OwnText: before.OwnText}
	ours.Title, ours.Body = templates.Ours(before.Locale, before.Occasion, before.Channel == notify.Email)
	return d.record(ctx, by, before.WorkshopID, "text", 0, before.name(), said(before), said(&ours))
}

// textShop locks the workshop whose texts are changed, where it is the manager's.
func (d *Desk) textShop(ctx context.Context, by Manager, id int64) (*Workshop, error) {
	if !by.has(id) {
		return nil, notFound()
	}
	return lockSetting[Workshop](ctx, d.db, "workshop", id)
}

// name is what the record of changes calls a text.
func (t *OwnText) name() string { return t.Occasion + ", " + t.Locale + ", " + string(t.Channel) }

// said is a text for the record of changes.
func said(t *TextEntry) map[string]any { return map[string]any{"title": t.Title, "body": t.Body} }

// TextPreview is what a text looks like with example data.
type TextPreview struct {
	Examples []TextExample
	Cost     notify.Cost // of the dearest example, as SMS
	Doubtful []string    // fields that may be empty and stand outside brackets
}

// TextExample is a text filled in, for a visit with a vehicle or without.
type TextExample struct {
	Vehicle     bool
	Title, Body string
}

// PreviewText shows what a text would look like, storing nothing; Invalid as
// SetText.
func (d *Desk) PreviewText(shop *Workshop, t OwnText) (*TextPreview, error) {
	if err := t.known(); err != nil {
		return nil, err
	}
	return d.checkText(shop, &t)
}

// ExampleText is what a text looks like with example data; "" where it cannot be
// read.
func (d *Desk) ExampleText(shop *Workshop, t OwnText) string {
	own, flaws := templates.Compile(t.Title, t.Body)
	if len(flaws) > 0 {
		return ""
	}
	return own.Text(t.Locale, d.exampleOf(shop, t.Locale, true))
}

// checkText tidies a text, tells what is wrong with it and shows what it looks
// like.
func (d *Desk) checkText(shop *Workshop, t *OwnText) (*TextPreview, error) {
	t.Title = strings.TrimSpace(t.Title)
	t.Body = strings.TrimSpace(strings.ReplaceAll(t.Body, "\r\n", "\n"))
	mail := t.Channel == notify.Email
	own, flaws := templates.Check(t.Locale, t.Occasion, mail, t.Title, t.Body)
	var bad []fault.Field
	for _, input := range []string{"occasion", "locale", "title", "body"} {
		if f := flaws[input]; f != nil {
			bad = append(bad, fault.Field{Location: "body." + input, Key: f.Key, Args: f.Args})
		}
	}
	if strings.ContainsFunc(t.Title+t.Body, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == utf8.RuneError }) {
		bad = append(bad, fault.Field{Location: "body.body", Key: "fault.text_characters"})
	}
	if err := invalid(bad); err != nil {
		return nil, err
	}
	p := &TextPreview{Doubtful: own.Doubtful()}
	for _, vehicle := range []bool{true, false} {
		e := TextExample{Vehicle: vehicle}
		data := d.exampleOf(shop, t.Locale, vehicle)
		if mail {
			e.Title, e.Body = own.Mail(t.Locale, data)
		} else {
			e.Body = own.Text(t.Locale, data)
		}
		if cost := notify.Explain(e.Body); !mail && cost.Parts > p.Cost.Parts {
			p.Cost = cost
		}
		p.Examples = append(p.Examples, e)
	}
	if p.Cost.Parts > MaxTextParts {
		return nil, invalid([]fault.Field{{Location: "body.body", Key: "fault.text_parts", Args: map[string]any{"parts": p.Cost.Parts, "max": MaxTextParts}}})
	}
	return p, nil
}

// exampleOf is the example visit as if it were this workshop's.
func (d *Desk) exampleOf(shop *Workshop, locale string, vehicle bool) templates.TextData {
	data := templates.Example(locale, vehicle)
	data.Workshop, data.WorkshopPhone, data.Address = shop.Name, shop.Phone, shop.Address
	data.Link = d.opt.ShortURL + shortPath + strings.Repeat("x", 2) + "7Kd9sQx2L"
	return data
}
