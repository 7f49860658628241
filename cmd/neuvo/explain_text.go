package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"neuvo/notify"
)

// explainTextCmd reads texts, one a line: the phone that sent it, a tab, its
// words. With --from every line is words alone.
type explainTextCmd struct {
	Files  []string `arg:"" optional:"" help:"Files with texts, one a line: the sender's number, a tab, the words (\\n for a new line). Standard input where none is named."`
	From   string   `help:"The phone that sent them all; a line is then words alone." placeholder:"NUMBER"`
	Number string   `help:"Number of ours that they were sent to." placeholder:"NUMBER"`
	told
}

// explainedText is a line of `neuvo explain text`: what the text says by itself,
// and with a database where it would go.
type explainedText struct {
	From     string          `json:"from,omitempty"`
	Text     string          `json:"text"`
	OptOut   notify.OptOut   `json:"opt_out,omitempty"`
	Codes    []string        `json:"codes,omitempty"`
	Reaction notify.Reaction `json:"reaction,omitempty"`
	Quotes   string          `json:"quotes,omitempty"`
	foreseen
	// AsksBack: the sender would be sent a list of jobs to choose from.
	AsksBack bool `json:"asks_back,omitempty"`
}

// Run prints a JSON line for each text.
func (c *explainTextCmd) Run(ctx context.Context, io streams) error {
	known, err := c.known(ctx, io)
	if err != nil {
		return err
	}
	defer known.close()
	out := json.NewEncoder(io.out)
	out.SetEscapeHTML(false)
	each := func(line string) error {
		explained, err := c.explain(ctx, known, line)
		if err != nil {
			return err
		}
		return out.Encode(explained)
	}
	if len(c.Files) == 0 {
		return eachLine(io.in, each)
	}
	for _, file := range c.Files {
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		err = eachLine(f, each)
		f.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

// eachLine hands over the lines that are not empty.
func eachLine(r io.Reader, do func(line string) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if strings.TrimSpace(lines.Text()) == "" {
			continue
		}
		if err := do(lines.Text()); err != nil {
			return err
		}
	}
	return lines.Err()
}

func (c *explainTextCmd) explain(ctx context.Context, known *knowledge, line string) (e explainedText, err error) {
	e.From, e.Text = c.From, line
	if from, words, ok := strings.Cut(line, "\t"); ok && c.From == "" {
		e.From, e.Text = from, words
	}
	e.From = strings.Join(strings.Fields(e.From), "")
	e.Text = strings.TrimSpace(strings.ReplaceAll(e.Text, `\n`, "\n"))
	signs := notify.SignsOf(e.Text)
	e.OptOut, e.Codes, e.Reaction = signs.OptOut, signs.Codes, signs.Reaction
	if signs.Reaction != "" {
		e.Quotes = signs.Quoted
	}
	if known.db == nil || e.From == "" {
		return e, nil
	}
	e.foreseen, e.AsksBack, err = known.foresee(ctx, notify.Parsed{
		Kind: notify.Human, Channel: notify.SMS, From: e.From, Number: c.Number, Text: e.Text, ReplyText: e.Text,
	})
	return e, err
}
