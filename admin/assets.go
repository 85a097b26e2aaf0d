package admin

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/gorilla/mux"
)

//go:embed static
var staticFiles embed.FS

// assets are the style sheet, the script and the icon. Their names carry a hash of their content, so that a browser keeps
// them for good and still has the right ones after an update.
type assets struct {
	base   string
	hashed map[string]string // name → name with hash
	files  map[string][]byte // by name with hash
}

func readAssets(base string) (assets, error) {
	a := assets{base: base, hashed: map[string]string{}, files: map[string][]byte{}}
	entries, err := staticFiles.ReadDir("static")
	if err != nil {
		return a, fmt.Errorf("admin: read assets: %w", err)
	}
	for _, entry := range entries {
		content, err := staticFiles.ReadFile(path.Join("static", entry.Name()))
		if err != nil {
			return a, fmt.Errorf("admin: read assets: %w", err)
		}
		sum := sha256.Sum256(content)
		extension := path.Ext(entry.Name())
		hashed := strings.TrimSuffix(entry.Name(), extension) + "." + hex.EncodeToString(sum[:6]) + extension
		a.hashed[entry.Name()], a.files[hashed] = hashed, content
	}
	return a, nil
}

// url is the address of an asset.
func (a assets) url(name string) string { return a.base + a.hashed[name] }

// ServeHTTP serves an asset under its name with hash and under no other.
func (a assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := mux.Vars(r)["name"]
	content, ok := a.files[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
}
