// Package httpsms sends SMS over HTTP and reads what the providers call us for:
// answers of customers and delivery reports. It knows Twilio, Vonage, 46elks and
// Kannel, which brings SMPP and modems.
//
// What does not live here: what to send, when, to whom and whether again (that
// is notify's outbox), where an answer belongs (notify's matching), and the
// routes that the providers call (internal/web).
//
// Invariants it guards: the outcome of a call is told as it was, so that a text
// is never sent twice because an answer was lost; nothing a provider says is
// believed before its signature or secret was checked; no secret of ours stands
// in an error.
package httpsms
