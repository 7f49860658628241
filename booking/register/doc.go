// Package register looks vehicles up in plate registers over HTTP. Each adapter
// implements booking.PlateRegister and is off without a key of its own.
//
// What a register answers is only ever a suggestion that a member of staff sees
// and saves: nothing here writes. An adapter never follows a redirect, so that
// a key goes to the register's own host alone, reads a bounded answer, and gives
// every failure one of booking's errors; a key never stands in one.
package register
