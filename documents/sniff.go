package documents

import (
	"fmt"
	"io"
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

// SniffType names the content type of what r reads by its first bytes, at most 3 KB: "application/pdf", without
// parameters. What it does not recognise is "application/octet-stream". A mail's own claim is for display only: every
// decision about how content is served asks this one.
func SniffType(r io.Reader) (string, error) {
	found, err := mimetype.DetectReader(r)
	if err != nil {
		return "", fmt.Errorf("recognise content type: %w", err)
	}
	contentType, _, _ := strings.Cut(found.String(), ";")
	return strings.TrimSpace(contentType), nil
}
