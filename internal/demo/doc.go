// Package demo is the demo workshop: an in-process mail host that is also the
// e-mail-to-SMS gateway, the customers' phones and mailboxes, a clock that can
// be moved ahead, the seed data, and the pages at /demo.
//
// What does not live here: anything `neuvo serve` needs. The demo talks to the
// rest through the same SMTP and IMAP code and the same booking, notify and
// survey calls as production; nothing is faked past them.
//
// Invariants it guards: what the host has answered 250 to is on disk and comes
// back after kill -9 under the same UID; the demo's clock moves forward only,
// and whatever falls due on the way runs in order.
package demo
