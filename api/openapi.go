package api

import (
	_ "embed"
	"net/http"
	"strconv"
)

//go:embed openapi.yaml
var openapi []byte

// Contract returns the OpenAPI document of this API.
func Contract() []byte { return append([]byte(nil), openapi...) }

// contract serves GET /openapi.yaml.
func (h *Handler) contract(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", mediaYAML)
	w.Header().Set("Content-Length", strconv.Itoa(len(openapi)))
	_, _ = w.Write(openapi) // who does not read the answer is gone
	return nil
}
