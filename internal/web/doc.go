// Package web is the only place that knows HTTP: the server, its routes, the
// API of the contract and the server-rendered pages.
//
//   - routes.go names every route, errors.go every error status.
//   - api_*.go hold the API's shapes and calls, page_*.go the pages.
//   - middleware*.go hold what happens around each request.
//
// What does not live here: rules about bookings, messages or surveys. A handler
// reads its input, calls a room and shapes the answer.
//
// Invariants it guards: every route but the public ones asks who is calling
// before it does anything; a GET never acts; an error that a person sees is in
// that person's language and names the field; no secret reaches a log.
package web
