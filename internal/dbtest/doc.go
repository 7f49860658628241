// Package dbtest gives a test a fresh, migrated database on SQLite and on a
// throwaway PostgreSQL that the test process starts on loopback and that ends
// with it, however it ends. A missing PostgreSQL fails the test and says what to
// install; nothing is skipped.
package dbtest
