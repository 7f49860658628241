package inbox

import "neuvo/notify"

// ParseOptions is what reading must know about us.
type ParseOptions struct {
	// SMSDomain is the right side of addresses of the e-mail-to-SMS gateway: a
	// message from NUMBER@SMSDomain is a text message. "" where there is none.
	SMSDomain string
	// OwnDomain is the right side of our own Message-IDs.
	OwnDomain string
	// Country is the ISO 3166-1 code that numbers without a country code are
	// read in; "" leaves such numbers as they are.
	Country string
}

// Parse reads raw bytes.
func Parse(raw []byte, opt ParseOptions) (notify.Parsed, error) {
	return notify.Parsed{}, nil
}
