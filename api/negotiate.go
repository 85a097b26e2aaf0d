package api

import (
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/mailconnector/mailconnector/api/problem"
)

// accepts reports whether the request allows an answer of a media type (RFC 9110, section 12.5.1). The most specific
// range that fits decides.
func accepts(r *http.Request, media string) bool {
	ranges := strings.Join(r.Header.Values("Accept"), ",")
	if media == "" || strings.TrimSpace(ranges) == "" {
		return true
	}
	family, _, _ := strings.Cut(media, "/")
	specific := []string{"*/*", family + "/*", media}
	best, allowed := -1, false
	for text := range strings.SplitSeq(ranges, ",") {
		name, params, err := mime.ParseMediaType(text)
		if err != nil {
			continue
		}
		if rank := slices.Index(specific, name); rank > best {
			best, allowed = rank, quality(params) > 0
		}
	}
	return allowed
}

func quality(params map[string]string) float64 {
	q, err := strconv.ParseFloat(params["q"], 64)
	if err != nil {
		return 1
	}
	return q
}

// contentType returns the media type of the body, which must be one of those taken.
func contentType(r *http.Request, taken ...string) (media string, params map[string]string, err error) {
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return "", nil, problem.New(problem.UnsupportedMediaType, "Send the body without Content-Encoding.")
	}
	media, params, err = mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || !slices.Contains(taken, media) {
		return "", nil, problem.New(problem.UnsupportedMediaType,
			fmt.Sprintf("Send the body with Content-Type: %s.", strings.Join(taken, " or ")))
	}
	if charset := params["charset"]; media == mediaJSON && charset != "" && !strings.EqualFold(charset, "utf-8") {
		return "", nil, problem.New(problem.UnsupportedMediaType, "Send JSON in UTF-8.")
	}
	return media, params, nil
}
