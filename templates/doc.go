// Package templates holds everything a designer or a translator touches, and
// the small engine that turns it into what people read: pages, texts (SMS),
// e-mails, static files and the sentences of each locale.
//
//   - locales/<locale>.yaml  sentences by key, the same keys in every locale
//   - texts/<occasion>.<locale>.txt  the SMS of an occasion
//   - mails/<occasion>.<locale>.txt  its e-mail, where that says more than the SMS
//   - pages/<page>.html  pages inside layout.html; pages/_*.html are shared parts
//   - static/  style sheet, mark, and the vendored browser libraries
//
// All of it is embedded. Nothing here knows jobs, a database or HTTP: callers
// hand in strings and times that are already the workshop's. The invariant:
// what is rendered is whole or an error, never half a page, and every locale
// has every key and every occasion.
package templates
