// Package email sends over SMTP: e-mail, and SMS through an e-mail-to-SMS
// gateway.
//
// What does not live here: what to send, when, to whom and whether again (that
// is notify's outbox), and reading mail (notify/inbox).
//
// Invariant it guards: the outcome of a hand-over is told as it was. Refused
// for now, refused for good, and "the text was written and no answer came" are
// three different answers, and only the receiving host's own 250 is success.
package email
