// Package booking is what is sold, when, and by whom: workshops, services,
// advisors and their hours, availability, claims, jobs and their lifecycle,
// promises and the people served.
//
// What does not live here: HTTP, texts (templates), sending (notify), survey
// questions (survey).
//
// Invariant it guards: one 5-minute atom of one resource belongs to one job. The
// primary key of table claims forbids a second; code that checks first does so
// only to give a better answer.
package booking
