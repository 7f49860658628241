// Package loadtest holds what is measured and raced on the whole program: no
// code of its own, only tests and benchmarks of booking and of the server, on
// both engines.
//
//   - races: many clients and several processes after the same hours, and what
//     the database says afterwards (a short form in every test run, the full
//     one by `make torture`),
//   - benchmarks of the desk by itself, and of the whole server under a public
//     load tool, each beside the limit of its machine in the same run
//     (`make bench`).
//
// What is measured here is measured on generated data that anyone can generate
// again; nothing is tuned for the benchmark that the program does not do for a
// customer.
package loadtest
