// Package inbox reads what comes in by e-mail: it keeps an IMAP mailbox (the
// cursor, IDLE, reconnecting) and makes of raw bytes a notify.Parsed (charsets,
// MIME, what the customer wrote now, and whether a machine wrote it).
//
// What does not live here: where a message belongs. notify stores the bytes and
// decides that; this package only fetches and reads.
//
// Invariants it guards: bytes are stored before anything reads them, and a
// message is flagged in the mailbox only after they are; a message that cannot
// be read never stops the ones behind it; reading never panics, never hangs and
// needs memory in proportion to the message; a sender's Reply-To is never taken
// for who wrote.
package inbox
