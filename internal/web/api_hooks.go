package web

import (
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"
)

// hookForm describes what a provider calls us with: the fields that are read of
// its own published form; all others are kept with the call and not read.
type hookForm struct {
	gateway, provider string
	methods           []string // the first is the usual
	security          string   // how it proves itself
	inbound, status   []hookField
	answers           string // the status of an answer to what was taken
}

// hookField is a field of a call: its name, what it holds, and whether a call
// without it says nothing.
type hookField struct {
	name, doc string
	needed    bool
}

// hookForms are in the order of their names; each is as its provider documents it.
var hookForms = []hookForm{
	{"elks46", "46elks", []string{http.MethodPost}, "hookSecret", []hookField{
		{"id", "the text's id", true}, {"from", "the customer's number, E.164", true}, {"to", "our number", true},
		{"message", "its words", false}, {"direction", "incoming", false}, {"created", "when it came, UTC", false},
	}, []hookField{
		{"id", "the text's id", true}, {"status", "sent, delivered or failed", true}, {"delivered", "when, UTC", false},
	}, "200"},
	{"kannel", "Kannel", []string{http.MethodGet, http.MethodPost}, "hookSecret", []hookField{
		{"id", "the text's id: %I", true}, {"from", "the customer's number: %p", true}, {"to", "our number: %P", true},
		{"text", "its words: %b", false}, {"charset", "of the words: %C", false}, {"time", "when it came: %t", false},
	}, []hookField{
		{"ref", "our name of the text, as given with it", true}, {"type", "1 delivered, 2 failed, 4 queued, 8 taken over, 16 refused: %d", true},
		{"answer", "the operator's receipt: %A", false},
	}, "202"},
	{"twilio", "Twilio", []string{http.MethodPost}, "twilioSignature", []hookField{
		{"MessageSid", "the text's id", true}, {"From", "the customer's number, E.164", true}, {"To", "our number", true},
		{"Body", "its words", false}, {"AccountSid", "the account", false}, {"NumMedia", "how many files came along", false},
		{"OptOutType", "STOP, START or HELP where the provider took the text for such a word", false},
	}, []hookField{
		{"MessageSid", "the text's id", true}, {"MessageStatus", "queued, sending, sent, delivered, undelivered, failed or read", true},
		{"ErrorCode", "why it failed", false}, {"ErrorMessage", "the same in words", false},
	}, "200"},
	{"vonage", "Vonage", []string{http.MethodPost, http.MethodGet}, "vonageSignature", []hookField{
		{"messageId", "the text's id", true}, {"msisdn", "the customer's number, digits only", true}, {"to", "our number", true},
		{"text", "its words", false}, {"type", "text, unicode or binary; the last is not read", false}, {"message-timestamp", "when it came, UTC", false},
		{"timestamp", "Unix seconds, covered by the signature; an old one is refused", true}, {"sig", "the signature", true},
		{"concat", "true for a part of a long text", false}, {"concat-ref", "which text", false}, {"concat-part", "which part", false}, {"concat-total", "of how many", false},
	}, []hookField{
		{"messageId", "the text's id", true}, {"status", "accepted, buffered, delivered, expired, failed, rejected or unknown", true},
		{"err-code", "why it failed", false}, {"client-ref", "our name of the text", false}, {"scts", "when, YYMMDDhhmm", false},
		{"timestamp", "Unix seconds, covered by the signature; an old one is refused", true}, {"sig", "the signature", true},
	}, "204"},
}

// hookSchemes are the ways in which providers prove themselves.
var hookSchemes = map[string]*huma.SecurityScheme{
	"twilioSignature": {Type: "apiKey", In: "header", Name: "X-Twilio-Signature", Description: "Base64 of the HMAC-SHA1, by the account's auth token, of the address and the sorted fields."},
	"vonageSignature": {Type: "apiKey", In: "query", Name: "sig", Description: "Hex of the hash over the sorted fields by the signature secret; also as a field of the form."},
	"hookSecret":      {Type: "apiKey", In: "query", Name: "secret", Description: "The operator's --hook-secret, in the address given to a provider that signs nothing; also as the password of basic authentication."},
}

// describeHooks puts the calls of providers into the description. They are not
// answered through it: providers want their own ways.
func describeHooks(api huma.API) {
	doc := api.OpenAPI()
	doc.Tags = append(doc.Tags, &huma.Tag{Name: "gateways", Description: "What SMS providers call. A call that does not prove itself, and one for a gateway that is not set up here, is a bare 403; one that cannot be read a 400; 503 asks the provider to call again."})
	for name, scheme := range hookSchemes {
		doc.Components.SecuritySchemes[name] = scheme
	}
	for _, form := range hookForms {
		for _, method := range form.methods {
			doc.AddOperation(form.operation(method, "inbound", "A text that a customer sent, by "+form.provider, form.inbound))
			doc.AddOperation(form.operation(method, "status", "What became of a text of ours, by "+form.provider, form.status))
		}
	}
}

// operation describes one call of a provider.
func (f hookForm) operation(method, kind, summary string, fields []hookField) *huma.Operation {
	op := &huma.Operation{
		OperationID: f.gateway + "-" + kind, Method: method, Path: hookPrefix + f.gateway + "/" + kind,
		Summary: summary, Tags: []string{"gateways"}, Security: []map[string][]string{{f.security: {}}},
		Responses: map[string]*huma.Response{
			f.answers: {Description: "taken; a repeated call changes nothing"},
			"400":     {Description: "it cannot be read"},
			"403":     {Description: "it does not prove to be the provider's, or the gateway is not set up here"},
			"503":     {Description: "not taken now: call again"},
		},
	}
	if method != f.methods[0] {
		op.OperationID += "-by-" + map[string]string{http.MethodGet: "get", http.MethodPost: "post"}[method]
	}
	if method == http.MethodGet {
		for _, field := range fields {
			op.Parameters = append(op.Parameters, &huma.Param{Name: field.name, In: "query", Description: field.doc, Required: field.needed, Schema: &huma.Schema{Type: huma.TypeString}})
		}
		return op
	}
	schema := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{}, AdditionalProperties: true}
	for _, field := range fields {
		if field.name == "ref" { // it stands in the address that we gave
			op.Parameters = append(op.Parameters, &huma.Param{Name: field.name, In: "query", Description: field.doc, Required: field.needed, Schema: &huma.Schema{Type: huma.TypeString}})
			continue
		}
		schema.Properties[field.name] = &huma.Schema{Type: huma.TypeString, Description: field.doc}
		if field.needed {
			schema.Required = append(schema.Required, field.name)
		}
	}
	slices.Sort(schema.Required)
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{formType: {Schema: schema}}}
	return op
}

// formType is how forms are posted.
const formType = "application/x-www-form-urlencoded"
