package email

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/emersion/go-msgauth/dkim"

	"neuvo/internal/fault"
)

// Signature is how our mail is signed, so that the hosts that receive it can
// tell it from a forgery (DKIM, RFC 6376). A nil Signature signs nothing.
type Signature struct {
	domain, selector string
	key              crypto.Signer
}

// minRSA is the shortest RSA key in bits that hosts accept (RFC 8301 section
// 3.2).
const minRSA = 1024

// label is what a selector is made of, and each label of a domain.
var dnsName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$`)

// NewSignature reads the private key of a PEM file: RSA (PKCS #1 or #8) or
// Ed25519 (PKCS #8, RFC 8463). The error is Invalid and says which of the three
// settings to mend; it never shows the key.
func NewSignature(domain, selector, keyFile string) (*Signature, error) {
	domain, selector = strings.ToLower(strings.TrimSpace(domain)), strings.ToLower(strings.TrimSpace(selector))
	if !dnsName.MatchString(domain) || !strings.Contains(domain, ".") {
		return nil, fault.New(fault.Invalid, "fault.dkim_domain").With("domain", domain)
	}
	if !dnsName.MatchString(selector) {
		return nil, fault.New(fault.Invalid, "fault.dkim_selector").With("selector", selector)
	}
	bad := func(err error) error {
		return &fault.Error{Kind: fault.Invalid, Key: "fault.dkim_key", Args: map[string]any{"file": keyFile, "why": err.Error()}, Err: err}
	}
	raw, err := os.ReadFile(keyFile)
	if err != nil {
		return nil, bad(err)
	}
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, bad(errors.New("no PEM block in it"))
	}
	key, err := parseKey(block.Bytes)
	if err != nil {
		return nil, bad(err)
	}
	return &Signature{domain: domain, selector: selector, key: key}, nil
}

// parseKey reads a private key in either of its usual wrappings.
func parseKey(der []byte) (crypto.Signer, error) {
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return checkKey(key)
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, errors.New("it is neither a PKCS #1 nor a PKCS #8 private key")
	}
	return checkKey(key)
}

func checkKey(key any) (crypto.Signer, error) {
	switch k := key.(type) {
	case *rsa.PrivateKey:
		if k.N.BitLen() < minRSA {
			return nil, fmt.Errorf("an RSA key of %d bits is too short: make one of 2048", k.N.BitLen())
		}
		return k, nil
	case ed25519.PrivateKey:
		return k, nil
	}
	return nil, fmt.Errorf("a %T cannot sign mail: make an RSA key of 2048 bits", key)
}

// Name is where the record stands: "selector._domainkey.example.com".
func (s *Signature) Name() string { return s.selector + "._domainkey." + s.domain }

// Record is the TXT record to publish at Name, RFC 6376 section 3.6.1.
func (s *Signature) Record() (string, error) {
	if key, ok := s.key.Public().(ed25519.PublicKey); ok {
		return "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(key), nil
	}
	der, err := x509.MarshalPKIXPublicKey(s.key.Public())
	if err != nil {
		return "", fmt.Errorf("write the public key: %w", err)
	}
	return "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der), nil
}

// Covers tells whether the signature speaks for senders of a domain: it must be
// the same or above it (DMARC, RFC 7489 section 3.1.1, relaxed alignment).
func (s *Signature) Covers(domain string) bool {
	domain = strings.ToLower(strings.TrimSuffix(domain, "."))
	return domain == s.domain || strings.HasSuffix(domain, "."+s.domain)
}

// signedFields are what the signature covers: RFC 6376 section 5.4.1, and for
// one-click the fields that RFC 8058 section 4 wants covered.
var signedFields = []string{
	"From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "MIME-Version", "Content-Type",
	"Content-Transfer-Encoding", "Auto-Submitted", "List-Unsubscribe", "List-Unsubscribe-Post",
}

// sign puts the signature before a message. A nil Signature gives it back as it
// is.
func (s *Signature) sign(message []byte) ([]byte, error) {
	if s == nil {
		return message, nil
	}
	var signed bytes.Buffer
	err := dkim.Sign(&signed, bytes.NewReader(message), &dkim.SignOptions{
		Domain: s.domain, Selector: s.selector, Signer: s.key, HeaderKeys: signedFields,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
	})
	if err != nil {
		return nil, fmt.Errorf("sign the mail: %w", err)
	}
	return signed.Bytes(), nil
}
