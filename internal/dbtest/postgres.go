package dbtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // database/sql driver for CREATE DATABASE

	"neuvo/internal/db"
)

var server struct {
	once  sync.Once
	dsn   string // with %s for the database
	err   error
	count atomic.Int64
	lock  sync.Mutex // CREATE DATABASE from one template does not run in parallel
	// keep holds the pipe whose closing, by our exit, ends the server.
	keep io.WriteCloser
}

// PostgresDSN makes a fresh migrated database on this process's throwaway
// PostgreSQL and gives its DSN.
func PostgresDSN(t testing.TB) string {
	t.Helper()
	server.once.Do(func() { server.err = startPostgres() })
	if server.err != nil {
		t.Fatalf("start PostgreSQL: %v", server.err)
	}
	name := fmt.Sprintf("test_%d", server.count.Add(1))
	server.lock.Lock()
	defer server.lock.Unlock()
	if err := admin(fmt.Sprintf("CREATE DATABASE %s TEMPLATE neuvo_template", name)); err != nil {
		t.Fatalf("create database %s: %v", name, err)
	}
	t.Cleanup(func() {
		if err := admin(fmt.Sprintf("DROP DATABASE %s WITH (FORCE)", name)); err != nil {
			t.Errorf("drop database %s: %v", name, err)
		}
	})
	return fmt.Sprintf(server.dsn, name)
}

// admin runs one statement on the maintenance database.
func admin(statement string) error {
	conn, err := sql.Open("pgx", fmt.Sprintf(server.dsn, "postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(statement)
	return errors.Join(err, conn.Close())
}

// startPostgres makes a cluster in a temporary directory and starts it under a
// shell that waits on a pipe: when this process ends, even by kill -9, the pipe
// closes, the shell stops the server and removes the directory.
func startPostgres() error {
	bin, err := postgresBin()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "neuvo-pg-")
	if err != nil {
		return err
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	run := func(args ...string) *exec.Cmd { return exec.Command(args[0], args[1:]...) }
	if os.Getuid() == 0 {
		// initdb and postgres refuse to run as root.
		if err := own(dir, "postgres"); err != nil {
			return err
		}
		run = func(args ...string) *exec.Cmd {
			prefix := []string{"--reuid=postgres", "--regid=postgres", "--clear-groups", "--"}
			return exec.Command("setpriv", append(prefix, args...)...)
		}
	}
	data := filepath.Join(dir, "data")
	initdb := run(filepath.Join(bin, "initdb"), "--no-sync", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "-D", data)
	initdb.Dir = dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	script := `"$1/postgres" -D "$2/data" -k "$2" -h 127.0.0.1 -p "$3" -c fsync=off -c max_connections=200 \
		-c shared_buffers=32MB -c full_page_writes=off -c logging_collector=off >"$2/log" 2>&1 &
		pid=$!; read _; kill -INT $pid; wait $pid; rm -rf "$2"`
	shell := run("sh", "-c", script, "sh", bin, dir, strconv.Itoa(port))
	shell.Dir = "/"
	pipe, err := shell.StdinPipe()
	if err != nil {
		return err
	}
	server.keep = pipe
	if err := shell.Start(); err != nil {
		return err
	}
	server.dsn = fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%%s?sslmode=disable", port)
	if err := waitFor(fmt.Sprintf(server.dsn, "postgres")); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		return fmt.Errorf("wait for PostgreSQL: %w: %s", err, log)
	}
	if err := admin("CREATE DATABASE neuvo_template"); err != nil {
		return err
	}
	return migrateTemplate(fmt.Sprintf(server.dsn, "neuvo_template"))
}

func migrateTemplate(dsn string) error {
	d, err := db.Open(context.Background(), db.Options{DSN: dsn})
	if err != nil {
		return err
	}
	_, err = d.Migrate(context.Background())
	return errors.Join(err, d.Close())
}

// postgresBin finds the newest installed server.
func postgresBin() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	if len(found) == 0 {
		if path, err := exec.LookPath("initdb"); err == nil {
			return filepath.Dir(path), nil
		}
		return "", errors.New("PostgreSQL is not installed: apt-get install --no-install-recommends postgresql")
	}
	slices.Sort(found)
	return filepath.Dir(found[len(found)-1]), nil
}

// own gives a directory to a user, so that a server not run as root can write it.
func own(dir, name string) error {
	u, err := user.Lookup(name)
	if err != nil {
		return err
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return err
	}
	return os.Chown(dir, uid, gid)
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// waitFor pings until the server answers, for 20 s at most.
func waitFor(dsn string) error {
	conn, err := sql.Open("pgx", dsn)
	if err != nil {
		return err
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := conn.PingContext(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-tick.C:
		}
	}
}
