package addin

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // RFC 9562 makes names of it
	"embed"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"text/template"
	"time"

	"github.com/gorilla/mux"
)

//go:embed manifest.xml icons/*.png
var manifestFiles embed.FS

// iconSizes are the sides of the icons, in pixels: 64 and 128 for lists of add-ins, 16, 32 and 80 for ribbons, the others
// for the screens of telephones.
var iconSizes = []int{16, 25, 32, 48, 50, 64, 75, 80, 96, 128, 144}

// Manifest returns the add-in's manifest, which Outlook and its administrators take. base is where the module is mounted,
// as everybody's Outlook reaches it, by https: https://crm.example.com/mailconnector. The manifest of one address has the
// same id each time, so that a newer one replaces it, and those of two addresses have different ones.
func Manifest(base string) ([]byte, error) {
	address, err := publicAddress(base)
	if err != nil {
		return nil, err
	}
	page, err := template.ParseFS(manifestFiles, "manifest.xml")
	if err != nil {
		return nil, fmt.Errorf("add-in: read manifest: %w", err)
	}
	var escaped, manifest bytes.Buffer
	if err := xml.EscapeText(&escaped, []byte(address)); err != nil {
		return nil, fmt.Errorf("add-in: write manifest: %w", err)
	}
	err = page.Execute(&manifest, map[string]any{
		"ID": nameID(address), "Version": Version + ".0", "Base": escaped.String(), "Icons": iconSizes,
	})
	if err != nil {
		return nil, fmt.Errorf("add-in: write manifest: %w", err)
	}
	return manifest.Bytes(), nil
}

// publicAddress refuses what Outlook cannot load a page from.
func publicAddress(base string) (string, error) {
	address, err := url.Parse(strings.TrimRight(base, "/"))
	if err != nil || address.Host == "" || address.User != nil || address.RawQuery != "" || address.Fragment != "" {
		return "", fmt.Errorf("add-in: %q is no address of the module, such as https://crm.example.com/mailconnector", base)
	}
	if address.Scheme != "https" {
		return "", fmt.Errorf("add-in: Outlook loads add-ins by https only, not from %s", base)
	}
	address.Host = strings.ToLower(address.Host)
	return address.String(), nil
}

// nameID is the UUID of an address: version 5 of RFC 9562, section 5.5, in its namespace of URLs.
func nameID(address string) string {
	namespace := []byte("\x6b\xa7\xb8\x11\x9d\xad\x11\xd1\x80\xb4\x00\xc0\x4f\xd4\x30\xc8")
	id := sha1.Sum(append(namespace, address...)) //nolint:gosec // no secret
	id[6], id[8] = id[6]&0x0f|0x50, id[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[0:4], id[4:6], id[6:8], id[8:10], id[10:16])
}

// download serves a manifest, which browsers save: Outlook and its administrators upload it, or take its address.
func download(manifest []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		secure(w.Header(), policy)
		w.Header().Set("Content-Type", "text/xml; charset=utf-8")
		w.Header().Set("Content-Disposition", `attachment; filename="manifest.xml"`)
		http.ServeContent(w, r, "manifest.xml", time.Time{}, bytes.NewReader(manifest))
	}
}

// mountIcons serves what the manifest names beside the pane. They are shown on pages of Microsoft's.
func mountIcons(r *mux.Router, prefix string) {
	for _, size := range iconSizes {
		name := fmt.Sprintf("icon-%d.png", size)
		r.HandleFunc(prefix+"/addin/"+name, func(w http.ResponseWriter, r *http.Request) {
			secure(w.Header(), policy)
			w.Header().Set("Cache-Control", "max-age=86400")
			http.ServeFileFS(w, r, manifestFiles, "icons/"+name)
		}).Methods(http.MethodGet, http.MethodHead)
	}
}
