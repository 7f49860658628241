package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"text/tabwriter"

	"neuvo/booking"
	"neuvo/internal/auth"
	"neuvo/internal/db"
	"neuvo/survey"
)

type serveCmd struct {
	settingsServe
}

// Run serves until it is told to stop.
func (c *serveCmd) Run(ctx context.Context, io streams) error {
	if err := c.check(); err != nil {
		return err
	}
	log := c.logger(io.err)
	app, err := newApp(ctx, appOptions{settings: c.settingsServe, log: log})
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Addr)
	if err != nil {
		return errors.Join(setting("addr", fmt.Sprintf("cannot listen on %s: %v", c.Addr, err)), app.Close())
	}
	log.Info("serving", "addr", listener.Addr().String(), "base_url", c.BaseURL, "version", version)
	return errors.Join(app.Run(ctx, listener), app.Close())
}

type migrateCmd struct {
	database
	logging
}

// Run brings the schema up to date and says to which version.
func (c *migrateCmd) Run(ctx context.Context, io streams) error {
	d, err := db.Open(ctx, db.Options{DSN: c.Database, Log: c.logger(io.err)})
	if err != nil {
		return err
	}
	to, err := d.Migrate(ctx)
	if err == nil {
		fmt.Fprintf(io.out, "the database is at schema version %d\n", to)
	}
	return errors.Join(err, d.Close())
}

// withDatabase runs f on the configured database, whose schema must be there.
func withDatabase(ctx context.Context, c database, l logging, io streams, f func(d *db.DB) error) error {
	d, err := db.OpenExisting(ctx, db.Options{DSN: c.Database, Log: l.logger(io.err)})
	if err != nil {
		return err
	}
	if err = d.CheckSchema(ctx); err == nil {
		err = f(d)
	}
	return errors.Join(err, d.Close())
}

type importCmd struct {
	database
	logging
	File string `arg:"" help:"YAML file with workshops, services, advisors, hours and staff; - for standard input."`
}

// Run imports the catalogue and then the staff it names.
func (c *importCmd) Run(ctx context.Context, io streams) error {
	in := io.in
	if c.File != "-" {
		file, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer file.Close()
		in = file
	}
	catalogue, err := booking.ReadCatalogue(in)
	if err != nil {
		return err
	}
	return withDatabase(ctx, c.database, c.logging, io, func(d *db.DB) error {
		report, err := importCatalogue(ctx, d, catalogue)
		if err == nil {
			fmt.Fprintln(io.out, report)
		}
		return err
	})
}

type staffAddCmd struct {
	database
	logging
	Email    string `arg:"" help:"E-mail address to sign in with."`
	Name     string `help:"Name, as customers and colleagues see it." required:""`
	Role     string `help:"admin, manager or advisor." enum:"admin,manager,advisor" default:"advisor"`
	Workshop string `help:"Key of the workshop the person belongs to; all when empty." placeholder:"KEY"`
	Advisor  string `help:"Name of the advisor this person is." placeholder:"NAME"`
	Stdin    bool   `name:"password-stdin" help:"Read the password from standard input instead of making one."`
}

// Run adds a member of staff.
func (c *staffAddCmd) Run(ctx context.Context, io streams) error {
	password, made := "", true
	if c.Stdin {
		line, err := bufio.NewReader(io.in).ReadString('\n')
		if password = strings.TrimRight(line, "\r\n"); password == "" {
			return errors.Join(setting("password-stdin", "standard input holds no password"), err)
		}
		made = false
	} else {
		password = auth.NewPassword()
	}
	return withDatabase(ctx, c.database, c.logging, io, func(d *db.DB) error {
		who := auth.NewStaff{Email: c.Email, Name: c.Name, Role: auth.Role(c.Role), Password: password}
		if err := place(ctx, d, &who, c.Workshop, c.Advisor); err != nil {
			return err
		}
		staff, err := auth.New(d).Add(ctx, who)
		if err != nil {
			return err
		}
		fmt.Fprintf(io.out, "%s can sign in as %s\n", staff.Name, staff.Email)
		if made {
			fmt.Fprintf(io.out, "password: %s\n", password)
		}
		return nil
	})
}

type staffTokenCmd struct {
	database
	logging
	Email string `arg:"" help:"E-mail address of the member of staff."`
}

// Run prints a fresh token; only its hash is kept.
func (c *staffTokenCmd) Run(ctx context.Context, io streams) error {
	return withDatabase(ctx, c.database, c.logging, io, func(d *db.DB) error {
		token, err := auth.New(d).IssueToken(ctx, c.Email)
		if err == nil {
			fmt.Fprintln(io.out, token)
		}
		return err
	})
}

type staffListCmd struct {
	database
	logging
}

// Run lists the staff as a table.
func (c *staffListCmd) Run(ctx context.Context, io streams) error {
	return withDatabase(ctx, c.database, c.logging, io, func(d *db.DB) error {
		staff, err := auth.New(d).List(ctx)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "E-MAIL\tNAME\tROLE\tACTIVE")
		for _, s := range staff {
			fmt.Fprintf(table, "%s\t%s\t%s\t%t\n", s.Email, s.Name, s.Role, s.Active)
		}
		return table.Flush()
	})
}

type explainAnswerCmd struct {
	Scale string `help:"Scale of the question: 1-5, 0-10, effort-5 or effort-7." enum:"1-5,0-10,effort-5,effort-7" default:"1-5"`
}

// Run reads replies from standard input, one a line.
func (c *explainAnswerCmd) Run(io streams) error {
	lines := bufio.NewScanner(io.in)
	lines.Buffer(nil, 1<<20)
	out := json.NewEncoder(io.out)
	out.SetEscapeHTML(false)
	for lines.Scan() {
		reading := survey.Read(c.Scale, lines.Text())
		err := out.Encode(struct {
			Reply   string   `json:"reply"`
			Outcome []string `json:"outcome"`
			Rule    string   `json:"rule"`
		}{lines.Text(), reading.Outcome, reading.Rule})
		if err != nil {
			return err
		}
	}
	return lines.Err()
}
