package messages

import (
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// visibleText is the text of HTML without its tags, styles and scripts; one word stays one word, lines become spaces.
func visibleText(source string) string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(source))
	hidden := false // the tokenizer gives what is in these as one text
	for {
		switch z.Next() {
		case html.ErrorToken:
			return b.String()
		case html.StartTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			hidden = isHidden(string(name))
			space(&b, string(name))
		case html.EndTagToken:
			name, _ := z.TagName()
			hidden = false
			space(&b, string(name))
		case html.TextToken:
			if !hidden {
				b.Write(z.Text())
			}
		}
	}
}

func isHidden(tag string) bool {
	return tag == "style" || tag == "script" || tag == "title" || tag == "noscript"
}

// space separates the words around a tag, unless it is one that may stand within a word.
func space(b *strings.Builder, tag string) {
	switch tag {
	case "a", "b", "em", "font", "i", "s", "span", "strong", "sub", "sup", "u":
	default:
		b.WriteByte('\n')
	}
}

// showsImage reports whether HTML shows an image of the mail with this Content-ID or file name.
func showsImage(source, contentID, name string) bool {
	z := html.NewTokenizer(strings.NewReader(source))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return false
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			scheme, cid, _ := strings.Cut(attribute(t, "src"), ":")
			if t.Data != "img" || !strings.EqualFold(scheme, "cid") {
				continue
			}
			cid, _ = url.PathUnescape(cid)
			before, _, _ := strings.Cut(cid, "@")
			if (contentID != "" && cid == contentID) || (contentID == "" && name != "" && before == name) {
				return true
			}
		}
	}
}
