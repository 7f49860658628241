package main

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// layers is the house from the ground up. A room imports only rooms of lower
// layers; a room's own sub-rooms may import it.
var layers = [][]string{
	{"internal/fault", "templates"},
	{"internal/db"},
	{"internal/auth", "notify", "internal/dbtest"},
	{"booking", "notify/email", "notify/httpsms", "notify/inbox", "notify/notifytest"},
	{"survey", "booking/register"},
	{"internal/web"},
	{"internal/demo", "internal/loadtest"},
	{"cmd/neuvo"},
}

// outside lists libraries that one room alone may know, and why the others must not.
var outside = map[string]func(file string) bool{
	"gorm.io/": func(file string) bool { // the domain stays free of the ORM
		return strings.HasPrefix(filepath.Base(file), "store") || strings.HasPrefix(file, "internal/db/")
	},
	"github.com/labstack/echo":     inRoom("internal/web"), // and of the router
	"github.com/danielgtaylor/":    inRoom("internal/web"),
	"github.com/emersion/go-imap/": inRoom("notify/inbox", "notify/notifytest", "internal/demo"),
	"github.com/robfig/cron":       inRoom("cmd/neuvo"),
	"github.com/alecthomas/kong":   inRoom("cmd/neuvo"),
}

func inRoom(rooms ...string) func(string) bool {
	return func(file string) bool { return slices.Contains(rooms, filepath.ToSlash(filepath.Dir(file))) }
}

func layerOf(room string) int {
	return slices.IndexFunc(layers, func(l []string) bool { return slices.Contains(l, room) })
}

// upward tells why one room of the house may not import another, "" if it may.
func upward(from, to string) string {
	switch {
	case layerOf(to) < 0:
		return "is in no layer: give it one"
	case layerOf(to) < layerOf(from):
		return ""
	case layerOf(to) == layerOf(from):
		return "stands beside it: rooms of one layer do not know each other"
	default:
		return "stands above it"
	}
}

func TestImportsRunDownwardOnly(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != root || d.Name() == "testdata" || d.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if filepath.Ext(path) != ".go" {
			return nil
		}
		file, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		files++
		for _, problem := range importProblems(path, filepath.ToSlash(file)) {
			t.Error(problem)
		}
		return nil
	})
	if err != nil || files < 20 {
		t.Fatalf("walked %d files: %v", files, err)
	}
}

// importProblems says what is wrong with the imports of one file of the house.
func importProblems(path, file string) (problems []string) {
	room := filepath.ToSlash(filepath.Dir(file))
	if layerOf(room) < 0 {
		problems = append(problems, fmt.Sprintf("%s is in no layer: give %s one", file, room))
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		return append(problems, fmt.Sprintf("%s: %v", file, err))
	}
	test := strings.HasSuffix(file, "_test.go")
	for _, spec := range parsed.Imports {
		name := strings.Trim(spec.Path.Value, `"`)
		if inside, ok := strings.CutPrefix(name, "neuvo/"); ok && inside != room {
			// A test may stand on its neighbours and on its own sub-rooms (real parts, not
			// mocks), never on what is above.
			neighbour := test && (layerOf(inside) == layerOf(room) || inside == "internal/dbtest" || strings.HasPrefix(inside, room+"/"))
			if why := upward(room, inside); why != "" && !neighbour {
				problems = append(problems, fmt.Sprintf("%s imports %s, which %s", file, inside, why))
			}
		}
		for prefix, allowed := range outside {
			if strings.HasPrefix(name, prefix) && !allowed(file) && !test {
				problems = append(problems, fmt.Sprintf("%s imports %s, which only its own room may know", file, name))
			}
		}
	}
	return problems
}

func TestTheLayersCheckCatchesAnUpwardImport(t *testing.T) {
	for _, c := range []struct {
		from, to string
		ok       bool
	}{
		{"booking", "notify", true},
		{"notify", "booking", false},
		{"booking", "notify/email", false},
		{"internal/fault", "internal/db", false},
		{"survey", "internal/web", false},
		{"internal/web", "survey", true},
		{"internal/web", "internal/unknown", false},
	} {
		if got := upward(c.from, c.to) == ""; got != c.ok {
			t.Errorf("%s importing %s: allowed = %v, want %v", c.from, c.to, got, c.ok)
		}
	}
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.go")
	if err := os.WriteFile(bad, []byte("package notify\nimport _ \"neuvo/internal/web\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := importProblems(bad, "notify/bad.go"); len(got) != 1 {
		t.Errorf("an upward import gave %q, want one problem", got)
	}
}
