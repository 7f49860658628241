// Package booking is what is sold, when, and by whom: workshops, services,
// advisors and their hours, availability, claims, jobs and their lifecycle,
// promises and the people served.
//
// What does not live here: HTTP, texts (templates), sending (notify), survey
// questions (survey).
//
// Invariant it guards: one 5-minute atom of one resource belongs to one job. The
// primary key of table claims forbids a second; code that checks first does so
// only to give a better answer. What is taken by amount (labour of a day, places
// of a way of coming, an advisor's visits) is added to a counter by a statement
// that no counter survives beyond its capacity. A visit takes all of it in one
// transaction and one order: claims, counters, marks (see Desk.exchange); whoever
// writes claims or counters must go through it, for the marks are what tells the
// memory of every replica that it is out of date.
package booking
