package mail

import (
	"html"
	"net/url"
	"path"
	"slices"
	"strings"
)

// markInline gives the images that the HTML shows by their Content-ID (RFC 2392) the role inline. Other parts that the HTML names,
// a document behind a link for one, stay attachments.
func markInline(parts []Part, body string) {
	images := map[string][]int{}
	for i, p := range parts {
		if p.ContentID != "" && p.Role == RoleAttachment && isImage(p) {
			images[p.ContentID] = append(images[p.ContentID], i)
		}
	}
	for len(images) > 0 {
		i := indexCID(body)
		if i < 0 {
			return
		}
		body = body[i+len("cid:"):]
		id := contentID(body)
		for _, i := range images[id] {
			parts[i].Role = RoleInline
		}
		delete(images, id)
	}
}

// isImage tells whether a browser would show the part: by its type, or by its name where the type says nothing.
func isImage(p Part) bool {
	if p.ContentType == "application/octet-stream" {
		ext := strings.ToLower(path.Ext(p.Name))
		return slices.Contains([]string{".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".svg", ".ico", ".tif", ".tiff"}, ext)
	}
	return strings.HasPrefix(p.ContentType, "image/")
}

// indexCID finds the next cid: URL, however it is capitalised.
func indexCID(s string) int {
	for i := 0; ; {
		n := strings.IndexByte(s[i:], ':')
		if n < 0 {
			return -1
		}
		if i += n; i >= 3 && strings.EqualFold(s[i-3:i], "cid") {
			return i - 3
		}
		i++
	}
}

// contentID reads the id at the start of s, the rest of a cid: URL in HTML.
func contentID(s string) string {
	const longest = 1000
	s = s[:min(len(s), longest)]
	if end := strings.IndexAny(s, "\"'<> \t\r\n)"); end >= 0 {
		s = s[:end]
	}
	id := html.UnescapeString(s)
	if unescaped, err := url.PathUnescape(id); err == nil {
		return unescaped
	}
	return id
}
