package messages

import (
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// rewriter goes over HTML that the policy let through and settles its images, links and styles.
type rewriter struct {
	styles  map[string]bool         // properties that a style may set
	remote  bool                    // images from https addresses load
	image   func(cid string) string // where an image of the mail is; "" shows a placeholder
	blocked int                     // remote images left out
}

func (r *rewriter) rewrite(safe string) string {
	var b strings.Builder
	b.Grow(len(safe) + len(safe)/8)
	z := html.NewTokenizer(strings.NewReader(safe))
	for {
		switch z.Next() {
		case html.ErrorToken: // the end: a string gives no other error
			return b.String()
		case html.StartTagToken, html.SelfClosingTagToken:
			r.tag(&b, z.Token())
		default:
			b.Write(z.Raw())
		}
	}
}

func (r *rewriter) tag(b *strings.Builder, t html.Token) {
	t.Attr = r.attributes(t.Attr)
	switch t.Data {
	case "a":
		if attribute(t, "href") != "" {
			t.Attr = append(t.Attr, html.Attribute{Key: "target", Val: "_blank"}, html.Attribute{Key: "rel", Val: "noopener noreferrer"})
		}
	case "img":
		if !r.settle(&t) {
			b.WriteString(placeholder(attribute(t, "alt")))
			return
		}
	}
	b.WriteString(t.String())
}

// attributes keeps of styles what is harmless, and drops links' own targets and relations, and links to images in the HTML.
func (r *rewriter) attributes(list []html.Attribute) []html.Attribute {
	kept := list[:0]
	for _, a := range list {
		switch a.Key {
		case "target", "rel":
			continue
		case "href":
			if strings.HasPrefix(strings.ToLower(a.Val), "data:") {
				continue
			}
		case "style":
			if a.Val = safeStyles(a.Val, r.styles); a.Val == "" {
				continue
			}
		}
		kept = append(kept, a)
	}
	return kept
}

// settle gives an image the address it may be loaded from, and reports whether there is one.
func (r *rewriter) settle(t *html.Token) bool {
	for i, a := range t.Attr {
		if a.Key == "src" {
			address := r.source(a.Val)
			t.Attr[i].Val = address
			return address != ""
		}
	}
	return false
}

// source returns where an image may be loaded from, or "" for nowhere.
func (r *rewriter) source(src string) string {
	scheme, rest, _ := strings.Cut(src, ":")
	switch strings.ToLower(scheme) {
	case "cid":
		if cid, err := url.PathUnescape(rest); err == nil {
			return r.image(cid)
		}
		return ""
	case "data":
		if !strings.HasPrefix(rest, "image/svg") { // a drawing is a document, with all that may be in one
			return src
		}
	case "https":
		if r.remote {
			return src
		}
		r.blocked++
	case "http":
		r.blocked++
	}
	return ""
}

// placeholder stands for an image that is not shown.
func placeholder(alt string) string {
	alt = html.EscapeString(strings.TrimSpace(alt))
	if alt == "" {
		return `<span class="mc-image" aria-hidden="true"></span>`
	}
	return `<span class="mc-image">` + alt + `</span>`
}

func attribute(t html.Token, key string) string {
	for _, a := range t.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}
