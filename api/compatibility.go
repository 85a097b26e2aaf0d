package api

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/mailconnector/mailconnector/api/problem"
)

// AddinName is the client name under which the add-in signs in. Its version must fit; that of other clients is theirs.
const AddinName = "outlook-add-in"

// Limits of requests that the services enforce, told to clients.
const (
	maxLinks       = 50
	maxAttachments = 500
	maxStatusIDs   = 100
)

// Compatibility is what a client needs to know before it signs in.
type Compatibility struct {
	Module       string // version of the module
	CRM          CRM
	AddinMinimum string // the oldest add-in that fits; empty for any
	AddinMaximum string // the newest add-in that fits, by as many places as are given; empty for any
	LoginMethods []string
	Languages    []string // BCP 47
}

// CRM is the product the module is mounted in.
type CRM struct {
	Name    string
	Version string // empty where it is not known
	Minimum string // the oldest version the module works with; empty for any
}

// supported reports whether the CRM is new enough; nil where its version is not known.
func (c CRM) supported() *bool {
	version, ok := parseVersion(c.Version)
	minimum, known := parseVersion(c.Minimum)
	if !ok {
		return nil
	}
	supported := !known || compareVersions(version, minimum) >= 0
	return &supported
}

// update tells which side must be updated for an add-in of a version: "addin", "crm", or neither.
func (c Compatibility) update(addin []int) string {
	if minimum, ok := parseVersion(c.AddinMinimum); ok && compareVersions(addin, minimum) < 0 {
		return "addin"
	}
	if maximum, ok := parseVersion(c.AddinMaximum); ok && compareVersions(addin[:min(len(addin), len(maximum))], maximum) > 0 {
		return "crm"
	}
	return ""
}

type compatibilityJSON struct {
	Module       string      `json:"module"`
	API          string      `json:"api"`
	CRM          crmJSON     `json:"crm"`
	Addin        addinJSON   `json:"addin"`
	License      licenseJSON `json:"license"`
	LoginMethods []string    `json:"login_methods"`
	Limits       limitsJSON  `json:"limits"`
	Features     []string    `json:"features"`
	Languages    []string    `json:"languages"`
}

type crmJSON struct {
	Name      string `json:"name"`
	Version   string `json:"version"`
	Minimum   string `json:"minimum"`
	Supported *bool  `json:"supported"`
}

type addinJSON struct {
	Minimum    string `json:"minimum"`
	Maximum    string `json:"maximum"`
	Compatible *bool  `json:"compatible,omitempty"`
	Update     string `json:"update,omitempty"`
}

type licenseJSON struct {
	State string `json:"state"`
}

type limitsJSON struct {
	MailBytes   int64 `json:"mail_bytes"`
	Attachments int   `json:"attachments"`
	Links       int   `json:"links"`
	StatusIDs   int   `json:"status_ids"`
}

// features names what a client may count on, so that it need not try. The contract says by x-features which operations
// each is about.
func features() []string {
	return []string{
		"attached-mails", "attachments-beside", "body", "metadata-only", "parts", "record-messages", "relink", "search", "source",
		"status", "suggestions", "unlink", "uploads",
	}
}

// compatibility serves GET /compatibility.
func (h *Handler) compatibility(w http.ResponseWriter, r *http.Request) error {
	c, err := h.c.Compatibility(r.Context())
	if err != nil {
		return fmt.Errorf("read compatibility: %w", err)
	}
	license, err := h.licenseState(r.Context())
	if err != nil {
		return err
	}
	addin := addinJSON{Minimum: c.AddinMinimum, Maximum: c.AddinMaximum}
	if asked := r.URL.Query().Get("addin_version"); asked != "" {
		version, ok := parseVersion(asked)
		if !ok {
			return problem.Parameter("addin_version", `must be numbers with dots between them, such as "1.2.0"`)
		}
		addin.Update = c.update(version)
		compatible := addin.Update == ""
		addin.Compatible = &compatible
	}
	return writeJSON(w, http.StatusOK, compatibilityJSON{
		Module:       c.Module,
		API:          "v1",
		CRM:          crmJSON{c.CRM.Name, c.CRM.Version, c.CRM.Minimum, c.CRM.supported()},
		Addin:        addin,
		License:      license,
		LoginMethods: list(c.LoginMethods),
		Limits:       limitsJSON{h.c.MailBytes, maxAttachments, maxLinks, maxStatusIDs},
		Features:     features(),
		Languages:    list(c.Languages),
	})
}

func (h *Handler) licenseState(ctx context.Context) (licenseJSON, error) {
	state, err := h.c.Licensing.State(ctx)
	if err != nil {
		return licenseJSON{}, err
	}
	return licenseJSON{string(state)}, nil
}

// requireCompatible refuses to sign in where one side is too old for the other.
func (h *Handler) requireCompatible(ctx context.Context, client clientJSON) error {
	c, err := h.c.Compatibility(ctx)
	if err != nil {
		return fmt.Errorf("read compatibility: %w", err)
	}
	refusal := func(update, detail string) error {
		p := problem.New(problem.IncompatibleVersion, detail)
		p.Update = update
		return p
	}
	if supported := c.CRM.supported(); supported != nil && !*supported {
		return refusal("crm", fmt.Sprintf("This needs %s %s or later.", c.CRM.Name, c.CRM.Minimum))
	}
	version, ok := parseVersion(client.Version)
	if client.Name != AddinName || !ok {
		return nil
	}
	switch c.update(version) {
	case "addin":
		return refusal("addin", fmt.Sprintf("The add-in is too old. Update it to %s or later.", c.AddinMinimum))
	case "crm":
		return refusal("crm", "The add-in is newer than the CRM. Ask an administrator to update the module in the CRM.")
	}
	return nil
}

// parseVersion reads numbers with dots between them: "24.08.02". What follows a dash or a plus is left out.
func parseVersion(text string) (version []int, ok bool) {
	text, _, _ = strings.Cut(strings.TrimPrefix(text, "v"), "-")
	text, _, _ = strings.Cut(text, "+")
	for part := range strings.SplitSeq(text, ".") {
		n, err := strconv.ParseUint(part, 10, 31)
		if err != nil {
			return nil, false
		}
		version = append(version, int(n))
	}
	return version, true
}

// compareVersions compares place by place; places that one of the two lacks count as zero.
func compareVersions(a, b []int) int {
	at := func(v []int, i int) int {
		if i < len(v) {
			return v[i]
		}
		return 0
	}
	for i := range max(len(a), len(b)) {
		if d := at(a, i) - at(b, i); d != 0 {
			return d
		}
	}
	return 0
}

// list is never null on the wire.
func list[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}
