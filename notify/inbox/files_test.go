package inbox

import (
	"bytes"
	"errors"
	"testing"
)

func TestAFileIsTakenOutOfItsMessageAsItIsListed(t *testing.T) {
	_, read := corpus(t)
	for name, want := range map[string][]string{
		"tnef-with-text-and-files": {"\x89PNG", "%PDF-1.4"},
		"photo-attached":           {"\xff\xd8\xff"},
		"program-called-a-picture": {""},
		"gmail-fi":                 nil,
	} {
		t.Run(name, func(t *testing.T) {
			raw := read(name)
			p, err := Parse(raw, ours)
			if err != nil || len(p.Attachments) != len(want) {
				t.Fatalf("%d files, %v", len(p.Attachments), err)
			}
			for i, begin := range want {
				a, content, err := File(raw, i+1)
				if begin == "" {
					if !errors.Is(err, ErrNoFile) {
						t.Errorf("a refused file was handed out: %v", err)
					}
					continue
				}
				if err != nil || a != p.Attachments[i] || len(content) != a.Size || !bytes.HasPrefix(content, []byte(begin)) {
					t.Errorf("%+v, %d bytes, %v", a, len(content), err)
				}
			}
			for _, at := range []int{-1, 0, len(want) + 1} {
				if _, _, err := File(raw, at); !errors.Is(err, ErrNoFile) {
					t.Errorf("at %d: %v", at, err)
				}
			}
		})
	}
}

// FuzzTNEF is given what is inside a winmail.dat.
func FuzzTNEF(f *testing.F) {
	_, read := corpus(f)
	for _, name := range []string{"tnef", "tnef-with-text-and-files", "tnef-that-breaks-off"} {
		raw := normalise(read(name))
		h, body := splitMessage(raw)
		root, _ := readTree(h, raw, body)
		for _, n := range root.children {
			f.Add(n.bytes())
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		packed, err := readTNEF(b)
		total := len(packed.body) + len(packed.html)
		for _, file := range packed.files {
			total += len(file.body)
		}
		if err == nil && total > 8*len(b)+100 || len(packed.files) > maxTNEFFiles {
			t.Errorf("%d bytes and %d files out of %d bytes", total, len(packed.files), len(b))
		}
	})
}
