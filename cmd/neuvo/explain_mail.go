package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"

	"neuvo/notify/inbox"
)

// told is what reading a message must know of this site.
type told struct {
	ReplyAddress    string `help:"Pattern of the addresses customers answer to, to check signed addresses." placeholder:"PATTERN" default:"{token}@reply.neuvo.test"`
	SMSAddress      string `name:"sms-address" help:"Address pattern of the e-mail-to-SMS gateway." placeholder:"PATTERN" default:"{digits}@sms.neuvo.test"`
	TrustedAuthserv string `name:"trusted-authserv" help:"Name by which your mail server signs its Authentication-Results field." placeholder:"NAME"`
	Database        string `help:"Database whose key signs the addresses and whose jobs they belong to; without one, only the message itself speaks." placeholder:"DSN"`
}

// known opens the database that is configured, if one is.
func (t told) known(ctx context.Context, io streams) (*knowledge, error) {
	if t.Database == "" {
		return &knowledge{}, nil
	}
	return openKnown(ctx, io, t.Database, t.ReplyAddress)
}

type explainMailCmd struct {
	Files []string `arg:"" help:"Files with one e-mail each, as they came."`
	told
}

// Run prints a JSON line for each file. One that cannot be opened does not keep
// the others from being read.
func (c *explainMailCmd) Run(ctx context.Context, io streams) error {
	known, err := c.known(ctx, io)
	if err != nil {
		return err
	}
	defer known.close()
	read := inbox.ParseOptions{SMSDomain: domainOf(c.SMSAddress), OwnDomain: domainOf(c.ReplyAddress), TrustedAuthserv: c.TrustedAuthserv}
	out := json.NewEncoder(io.out)
	out.SetEscapeHTML(false)
	var unread []error
	for _, file := range c.Files {
		raw, err := os.ReadFile(file)
		if err != nil {
			unread = append(unread, err)
			continue
		}
		line := explainedMail{Explanation: inbox.Explain(file, raw, read, known.addresses)}
		if known.db != nil {
			if line.foreseen, err = known.foreseeMail(ctx, raw, read); err != nil {
				return err
			}
		}
		if err := out.Encode(line); err != nil {
			return err
		}
	}
	return errors.Join(unread...)
}
