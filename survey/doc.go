// Package survey asks one question after a job and understands what comes back:
// planning and asking (surveyor.go), reading a reply (read*.go with the word
// lists in lexicon/), recording answers with their history (answer.go), telling
// people's presses from machines' (press.go), cases (case*.go) and the report of
// how content customers are (stats.go, report.go, words.go).
//
// What does not live here: sending and matching (notify), attention, promises
// and the job's timeline (booking), pages (web), texts (templates).
//
// Invariants it guards: a job is asked once; a number is never invented; what
// the customer wrote and the rule that read it are kept; an answer that is bad,
// unclear twice or dangerous always reaches a person.
package survey
