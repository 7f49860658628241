package main

import (
	"errors"

	"neuvo/notify/inbox"
)

// reading is where replies are read, and whom to believe about who wrote them.
type reading struct {
	IMAP              []string `name:"imap" sep:" " help:"IMAP server where replies arrive: imaps://user:password@host:993. A folder may follow (/INBOX), and in the query after=flag, leave or move:FOLDER, auth=google or auth=microsoft with a refresh token for the password, and idle=200ms or so to be told sooner while somebody has the desk open. Repeat it for several mailboxes." placeholder:"URL"`
	Mailbox           string   `help:"Folder to read where the address of the mailbox names none." default:"INBOX"`
	OAuthClientID     string   `name:"oauth-client-id" help:"Client id of this program where mailboxes are read with OAuth (auth= in their address)." placeholder:"ID"`
	OAuthClientSecret string   `name:"oauth-client-secret" help:"Client secret that belongs to it; some registrations have none." placeholder:"SECRET"`
	TrustedAuthserv   string   `name:"trusted-authserv" help:"Name by which your mail server signs its Authentication-Results field (RFC 8601); what it says of DMARC is believed. Others' are never." placeholder:"NAME"`
}

// oauth is how this program is registered where mailboxes are read with tokens.
func (r reading) oauth() inbox.OAuthClient {
	return inbox.OAuthClient{ID: r.OAuthClientID, Secret: r.OAuthClientSecret}
}

// checkMailboxes wants at least one.
func (r reading) checkMailboxes() error {
	const what = "the mailbox where replies arrive, such as imaps://user:password@mail.example.com:993"
	if len(r.IMAP) == 0 {
		return checkURL("imap", "", what)
	}
	var errs []error
	for _, url := range r.IMAP {
		errs = append(errs, checkURL("imap", url, what, "imap", "imaps"))
	}
	return errors.Join(errs...)
}
