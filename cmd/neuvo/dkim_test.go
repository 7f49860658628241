package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheDoctorSaysWhichRecordToPublish(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "dkim.pem")
	raw := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	open := filepath.Join(t.TempDir(), "open.pem")
	if err := os.WriteFile(open, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	set := settingsServe{ReplyAddress: "{token}@reply.example.com", signing: signing{DKIMDomain: "example.com", DKIMSelector: "neuvo", DKIMKey: file}}
	sign, err := set.signature()
	if err != nil {
		t.Fatal(err)
	}
	record, err := sign.Record()
	if err != nil {
		t.Fatal(err)
	}
	answers := func(txt []string, err error) func(context.Context, string) ([]string, error) {
		return func(_ context.Context, name string) ([]string, error) {
			if name != "neuvo._domainkey.example.com" {
				t.Errorf("asked for %s", name)
			}
			return txt, err
		}
	}
	for name, c := range map[string]struct {
		change     func(*settingsServe)
		lookup     func(context.Context, string) ([]string, error)
		word, says string
	}{
		"nothing is signed":           {func(s *settingsServe) { s.DKIMDomain, s.DKIMKey = "", "" }, nil, "note", "dkim-domain"},
		"the record is there":         {nil, answers([]string{"other", strings.ReplaceAll(record, "; ", ";")}, nil), "ok", "example.com"},
		"split by the DNS host":       {nil, answers([]string{record[:60] + " " + record[60:]}, nil), "ok", "example.com"},
		"no record":                   {nil, answers(nil, &net.DNSError{IsNotFound: true}), "mend", "neuvo._domainkey.example.com " + record},
		"another key":                 {nil, answers([]string{"v=DKIM1; p=AAAA"}, nil), "mend", "another key"},
		"no DNS":                      {nil, answers(nil, errors.New("no route")), "note", record},
		"a domain beside the sender":  {func(s *settingsServe) { s.DKIMDomain = "example.net" }, nil, "mend", "reply.example.com"},
		"a key that anybody can read": {func(s *settingsServe) { s.DKIMKey = open }, nil, "mend", "chmod 600"},
		"no key":                      {func(s *settingsServe) { s.DKIMKey += "x" }, nil, "mend", "dkim-key"},
	} {
		t.Run(name, func(t *testing.T) {
			e := &examination{settingsServe: set, lookupTXT: c.lookup}
			if c.change != nil {
				c.change(&e.settingsServe)
			}
			if got := e.dkim(t.Context()); got.word != c.word || !strings.Contains(got.say, c.says) {
				t.Errorf("%s: %s", got.word, got.say)
			}
		})
	}
	for half, want := range map[signing]string{{DKIMDomain: "example.com"}: "dkim-key", {DKIMKey: file}: "dkim-domain", {}: ""} {
		err := settingsServe{signing: half}.checkSigning()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(strings.Join(sentences(err), " "), want) {
			t.Errorf("%+v: %v", half, err)
		}
	}
}
