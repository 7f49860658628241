// Package fault holds the few kinds of errors that people may see. The rooms
// return them with a translation key and the field that is wrong; nothing here
// knows HTTP or a language. internal/web maps a kind to a status and a key to a
// sentence, in one place each.
package fault
