package main

import (
	"cmp"
	"context"
	"errors"
	"net"
	"os"
	"strings"

	"neuvo/notify/email"
)

// signing is how our mail is signed (DKIM); all three or none.
type signing struct {
	DKIMDomain   string `name:"dkim-domain" help:"Domain that signs our mail (DKIM): that of the reply address, or one above it." placeholder:"DOMAIN"`
	DKIMSelector string `name:"dkim-selector" help:"Selector of the DKIM key: its record stands at SELECTOR._domainkey.DOMAIN; neuvo doctor says what to publish." default:"neuvo"`
	DKIMKey      string `name:"dkim-key" help:"PEM file of the private DKIM key: openssl genrsa -out dkim.pem 2048." type:"path" placeholder:"FILE"`
}

// signature reads the key; nil where mail is not to be signed.
func (s settingsServe) signature() (*email.Signature, error) {
	if s.DKIMDomain == "" && s.DKIMKey == "" {
		return nil, nil
	}
	return email.NewSignature(s.DKIMDomain, s.DKIMSelector, s.DKIMKey)
}

// checkSigning tells what is missing of a half-set signature.
func (s settingsServe) checkSigning() error {
	switch {
	case s.DKIMDomain == "" && s.DKIMKey == "":
		return nil
	case s.DKIMDomain == "":
		return setting("dkim-domain", "it is not set, but dkim-key is: give the domain that signs, such as example.com")
	case s.DKIMKey == "":
		return setting("dkim-key", "it is not set, but dkim-domain is: give the PEM file of the private key")
	}
	return nil
}

// dkim reads the key, and the record by which receiving hosts check signatures.
func (e *examination) dkim(ctx context.Context) finding {
	sign, err := e.signature()
	if err != nil {
		return mendError(err)
	}
	if sign == nil {
		return note("our mail is not signed: set dkim-domain and dkim-key, unless the mail host signs it")
	}
	if sender := domainOf(e.ReplyAddress); !sign.Covers(sender) {
		return mend("mail comes from %s, for which a signature of %s does not speak: set dkim-domain to %s or to a domain above it", sender, e.DKIMDomain, sender)
	}
	if at, err := os.Stat(e.DKIMKey); err == nil && at.Mode().Perm()&0o077 != 0 {
		return mend("others on this machine can read %s: chmod 600 it", e.DKIMKey)
	}
	record, err := sign.Record()
	if err != nil {
		return mendError(err)
	}
	lookup := e.lookupTXT
	if lookup == nil {
		lookup = net.DefaultResolver.LookupTXT
	}
	publish := "publish this TXT record: " + sign.Name() + " " + record
	found, err := lookup(ctx, sign.Name())
	if err != nil && !isMissing(err) {
		return note("DNS does not answer from here (%v); %s", err, publish)
	}
	for _, have := range found {
		if tag(have, "p") == tag(record, "p") {
			return fine("our mail is signed for %s, and %s holds the key", e.DKIMDomain, sign.Name())
		}
	}
	if len(found) > 0 {
		return mend("%s holds another key than ours; %s", sign.Name(), publish)
	}
	return mend("%s", publish)
}

// isMissing tells a name that does not exist from a DNS that does not answer.
func isMissing(err error) bool {
	dns, ok := errors.AsType[*net.DNSError](err)
	return ok && dns.IsNotFound
}

// tag reads one tag of a DKIM record (RFC 6376 section 3.2), without the spaces
// that may stand in it. A record without it has no two equals.
func tag(record, name string) string {
	for part := range strings.SplitSeq(record, ";") {
		key, value, _ := strings.Cut(part, "=")
		if strings.TrimSpace(key) == name {
			return cmp.Or(strings.Join(strings.Fields(value), ""), record)
		}
	}
	return record
}
