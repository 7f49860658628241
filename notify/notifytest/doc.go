// Package notifytest holds the suite that every gateway passes, and the real
// counterparts that tests of sending and receiving talk to: the providers' sides
// of the protocols and a network that can be made as bad as one likes in this
// process, and throwaway servers (Dovecot, Postfix, Kannel with an operator's SMPP
// centre behind it, Gammu with a phone that is none). Nothing in it is part of the
// program.
//
// The invariant it guards: a counterpart listens on loopback only, lives in the
// test's own directory and is ended by its process id when the test ends; where
// a needed program is not installed the test fails and says what to install.
package notifytest
