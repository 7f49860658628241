// Package auth knows who works at the desk: staff, their roles and passwords,
// their sessions and API tokens.
//
// What does not live here: cookies and headers (web), advisors as people who
// can be booked (booking). A member of staff may be an advisor; AdvisorID says
// which one.
//
// Invariant it guards: no secret can be read back. Passwords are kept as
// argon2id hashes, API tokens and session tokens as SHA-256.
package auth
