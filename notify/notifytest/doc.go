// Package notifytest holds the real counterparts that tests of sending and
// receiving talk to: a throwaway Dovecot (IMAP and LMTP) and an SMTP server in
// this process. Nothing in it is part of the program.
//
// The invariant it guards: a counterpart listens on loopback only, lives in the
// test's own directory and is ended by its process id when the test ends; where
// a needed program is not installed the test fails and says what to install.
package notifytest
