// Command neuvo is the service desk of a workshop in one program. This package
// holds flags and configuration, the wiring of all rooms (app.go), the table of
// cron schedules (cron.go) and the commands. No rule of the business lives here.
package main
