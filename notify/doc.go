// Package notify keeps one conversation per subject over all channels: what we
// send (an outbox inside the business transaction, gateways, delivery states)
// and what comes back (raw bytes first, then matching, else triage).
//
// What does not live here: jobs. A conversation carries an opaque subject
// ("job:42"); a placed reply goes up through the handlers that the program sets,
// inside the transaction that stores it. Fetching and parsing e-mail is
// notify/inbox, sending it notify/email.
//
// Invariants it guards: a message is queued in the same transaction as the
// change it tells of; nothing inbound is dropped without a reason a person can
// see; an inbound message is never placed by guessing.
package notify
