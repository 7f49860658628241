package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"neuvo/notify"
	"neuvo/notify/inbox"
)

// replayCmd reads and matches stored messages again.
type replayCmd struct {
	database
	logging

	IDs             []int64 `arg:"" optional:"" name:"id" help:"Numbers of stored messages, as neuvo and the API give them."`
	State           string  `help:"Those that stand so: triage, placed, event, duplicate or dismissed." enum:",triage,placed,event,duplicate,dismissed" default:""`
	From            string  `help:"Those that came on this day or later: 2026-11-23." placeholder:"DAY"`
	To              string  `help:"Those that came before this day." placeholder:"DAY"`
	Apply           bool    `help:"Do it, and not only say it. What is to be placed is placed by neuvo serve within a minute."`
	ReplyAddress    string  `help:"Pattern of the addresses customers answer to." placeholder:"PATTERN" required:""`
	SMSAddress      string  `name:"sms-address" help:"Address pattern of the e-mail-to-SMS gateway." placeholder:"PATTERN"`
	TrustedAuthserv string  `name:"trusted-authserv" help:"Name by which your mail server signs its Authentication-Results field." placeholder:"NAME"`
}

// Run prints a JSON line for each message.
func (c *replayCmd) Run(ctx context.Context, io streams) error {
	f := notify.ReplayFilter{IDs: c.IDs, State: notify.InboundState(c.State)}
	for _, day := range []struct {
		flag, text string
		at         *time.Time
	}{{"from", c.From, &f.From}, {"to", c.To, &f.To}} {
		if day.text == "" {
			continue
		}
		var err error
		if *day.at, err = time.Parse(time.DateOnly, day.text); err != nil {
			return setting(day.flag, fmt.Sprintf("%q is no day: give it as 2026-11-23", day.text))
		}
	}
	if len(c.IDs) == 0 && c.State == "" && c.From == "" && c.To == "" {
		return setting("state", "nothing says which messages: give their numbers, --state, --from or --to")
	}
	known, err := openKnown(ctx, io, c.Database, c.ReplyAddress)
	if err != nil {
		return err
	}
	defer known.close()
	read := inbox.ParseOptions{SMSDomain: domainOf(c.SMSAddress), OwnDomain: domainOf(c.ReplyAddress), TrustedAuthserv: c.TrustedAuthserv}
	out := json.NewEncoder(io.out)
	out.SetEscapeHTML(false)
	return known.notifier.Replay(ctx, f, reader(read), c.Apply, func(r notify.Replayed) error { return out.Encode(r) })
}
