package templates

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"sync"
)

//go:embed locales texts mails all:pages static
var files embed.FS

// Static is the tree served under /static/.
func Static() fs.FS {
	sub, err := fs.Sub(files, "static")
	if err != nil { // the directory is embedded: only a broken build gets here
		panic("templates: " + err.Error())
	}
	return sub
}

// assets remembers the URL of each static file: it cannot change while the
// program runs.
var assets sync.Map

// Asset is the URL of a static file with a hash of its content, so that a
// browser may keep it for ever: "/static/app.css?v=1a2b3c4d5e6f". A name that
// does not exist is given without a hash and answers 404 like any other.
func Asset(name string) string {
	if url, ok := assets.Load(name); ok {
		return url.(string)
	}
	url := "/static/" + name
	if b, err := fs.ReadFile(files, "static/"+name); err == nil {
		sum := sha256.Sum256(b)
		url += "?v=" + hex.EncodeToString(sum[:6])
		assets.Store(name, url)
	}
	return url
}
