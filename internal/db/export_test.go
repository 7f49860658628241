package db

// Waiting tells how many wait for the writer of SQLite.
func Waiting(d *DB) int {
	d.writer.mu.Lock()
	defer d.writer.mu.Unlock()
	return len(d.writer.waiting)
}
