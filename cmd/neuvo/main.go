package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	"gopkg.in/yaml.v3"

	"neuvo/internal/fault"
	"neuvo/templates"
)

// version is set by the release build.
var version = "dev"

// cli is the command line: the names are fixed by the contract.
type cli struct {
	Config kong.ConfigFlag `help:"Read settings from this YAML file (keys are the flag names, e.g. base-url)." placeholder:"FILE"`

	Demo    demoCmd    `cmd:"" help:"A whole workshop with mail host and phones; nothing else needed."`
	Serve   serveCmd   `cmd:"" help:"Run the service desk against your own mail server and database."`
	Migrate migrateCmd `cmd:"" help:"Bring the database to this program's schema."`
	Import  importCmd  `cmd:"" help:"Read workshops, services, staff and hours from a YAML file; running it again changes nothing twice."`
	Staff   struct {
		Add   staffAddCmd   `cmd:"" help:"Add a member of staff; prints the password when none is given."`
		Token staffTokenCmd `cmd:"" help:"Print a new API token, once."`
		List  staffListCmd  `cmd:"" help:"List the staff."`
	} `cmd:"" help:"Members of staff and their tokens."`
	Doctor  doctorCmd `cmd:"" help:"Check database, mail, addresses and clock, and say what to mend."`
	Backup  backupCmd `cmd:"" help:"Write the whole database to a file and say how to restore it."`
	Explain struct {
		Answer explainAnswerCmd `cmd:"" help:"Read replies to the survey question, one a line, and say what each means."`
		Mail   explainMailCmd   `cmd:"" help:"Say how a stored e-mail would be read and where it would go."`
		Text   explainTextCmd   `cmd:"" help:"Say where text messages, one a line, would go, and why."`
	} `cmd:"" help:"Show how something a customer sent is understood."`
	Replay  replayCmd        `cmd:"" help:"Read and match stored messages again, and say what would change."`
	Version kong.VersionFlag `help:"Print the version."`
}

// streams are what a command reads and writes, so that tests can hold them.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50) // memory is what a small server is short of, not its second core
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// run is the program: 0 done, 1 it failed, 2 the command line or a setting is wrong.
func run(ctx context.Context, args []string, io streams) int {
	var c cli
	exit := -1
	parser, err := kong.New(&c,
		kong.Name("neuvo"),
		kong.Description("The service desk of a workshop in one program."),
		kong.DefaultEnvars("NEUVO"),
		kong.Configuration(yamlSettings),
		kong.Vars{"version": version},
		kong.Writers(io.out, io.err),
		kong.Exit(func(code int) { exit = code }),
		kong.UsageOnError(),
	)
	if err != nil {
		fmt.Fprintln(io.err, "neuvo:", err)
		return 2
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if exit >= 0 { // --help and --version have printed and are done
		return exit
	}
	if err != nil {
		fmt.Fprintf(io.err, "neuvo: %v\n", err)
		return 2
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	if err := parsed.Run(io); err != nil {
		if errors.Is(err, errUnwell) { // each finding has been printed
			return 1
		}
		for _, line := range sentences(err) {
			fmt.Fprintln(io.err, "neuvo:", line)
		}
		if fault.KindOf(err) == fault.Invalid {
			return 2
		}
		return 1
	}
	return 0
}

// sentences turns an error into what an operator can act on: faults in plain
// English with the place of each wrong input, other errors as they are.
func sentences(err error) []string {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []string
		for _, e := range joined.Unwrap() {
			all = append(all, sentences(e)...)
		}
		return all
	}
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return []string{err.Error()}
	}
	line := templates.T("en", f.Key, f.Args)
	if f.Err != nil {
		line += " (" + f.Err.Error() + ")"
	}
	var all []string
	for _, field := range f.Fields {
		all = append(all, field.Location+": "+templates.T("en", field.Key, field.Args))
	}
	if len(all) > 0 {
		return all
	}
	return []string{line}
}

// yamlSettings reads a config file: a flat map from flag name to value. A name
// that no flag has is an error: a typing mistake must not pass in silence.
func yamlSettings(r io.Reader) (kong.Resolver, error) {
	values := map[string]any{}
	if err := yaml.NewDecoder(r).Decode(&values); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("config file: %w", err)
	}
	return settings(values), nil
}

// settings is a config file as a kong resolver.
type settings map[string]any

// Validate implements kong.Resolver.
func (s settings) Validate(app *kong.Application) error {
	var known []string
	_ = kong.Visit(app, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok {
			known = append(known, flag.Name)
		}
		return next(nil)
	})
	for key := range s {
		if !slices.Contains(known, strings.ReplaceAll(key, "_", "-")) {
			return fmt.Errorf("config file: there is no setting %q", key)
		}
	}
	return nil
}

// Resolve implements kong.Resolver. The environment comes before the file.
func (s settings) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, env := range flag.Envs {
		if _, set := os.LookupEnv(env); set {
			return nil, nil
		}
	}
	for _, name := range []string{flag.Name, strings.ReplaceAll(flag.Name, "-", "_")} {
		if value, ok := s[name]; ok {
			return value, nil
		}
	}
	return nil, nil
}
