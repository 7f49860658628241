package notify

import "strings"

// registry is a country whose networks carry a text from a name only where the
// name has been registered, or approved through the provider, beforehand. A name
// that is set up for every country does not count there: only one that is set up
// for this country says that somebody has registered it.
type registry struct {
	prefix string // calling code, or the part of the numbering plan
	land   string
}

// registries is as of November 2026. Regulators and providers change it several
// times a year: the source stands beside each.
var registries = []registry{
	// Traficom, regulation 28 L/2025 M, in force since 4 May 2026: every sender of
	// an organisation, names and Finnish numbers, must be authorised through the
	// provider; others are blocked or shown as unknown.
	// traficom.fi/en/communications/broadband-and-telephone/sms-sender-id
	{"+358", "Finland"},
	// ComReg, SMS Sender ID Registry: marked since 3 July 2025, blocked since
	// 3 October 2025. comreg.ie
	{"+353", "Ireland"},
	// CNMC, register of aliases: Orden TDF/149/2025 as changed by Orden
	// TDF/558/2026: blocked since 15 September 2026. boe.es
	{"+34", "Spain"},
	// RTR, register of sender names: blocked since 1 October 2026.
	// infobip.com/docs, "Austria sender registration guidelines"
	{"+43", "Austria"},
	// IMDA, SMS Sender ID Registry: mandatory since 30 January 2023. imda.gov.sg
	{"+65", "Singapore"},
	// ACMA, SMS Sender ID Register: shown as "Unverified" since 1 July 2026.
	// acma.gov.au
	{"+61", "Australia"},
	// The countries below: AWS End User Messaging, "Sender ID registration",
	// docs.aws.amazon.com/sms-voice/latest/userguide/registrations-country.html,
	// read in November 2026; Twilio's list agrees where it has them.
	{"+375", "Belarus"}, {"+20", "Egypt"}, {"+91", "India"}, {"+62", "Indonesia"}, {"+962", "Jordan"},
	{"+7", "Russia and Kazakhstan"}, {"+254", "Kenya"}, {"+965", "Kuwait"}, {"+63", "Philippines"}, {"+974", "Qatar"},
	{"+966", "Saudi Arabia"}, {"+94", "Sri Lanka"}, {"+66", "Thailand"}, {"+90", "Turkey"},
	{"+971", "United Arab Emirates"}, {"+84", "Vietnam"}, {"+260", "Zambia"},
}

// noNames are the countries whose networks carry no names at all: the North
// American Numbering Plan (Twilio, "Alphanumeric Sender ID", and Telnyx, "Alphanumeric
// Sender ID", say so of the United States, Canada and Puerto Rico) and China (AWS,
// "Sender IDs"). Read in November 2026.
var noNames = []string{"+1", "+86"}

// registeredIn gives the registry that a number or a prefix falls under.
func registeredIn(number string) (registry, bool) {
	for _, r := range registries {
		if strings.HasPrefix(number, r.prefix) {
			return r, true
		}
	}
	return registry{}, false
}

// takesNoNames tells whether a number or a prefix is where no names pass.
func takesNoNames(number string) bool {
	for _, p := range noNames {
		if strings.HasPrefix(number, p) {
			return true
		}
	}
	return false
}
