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

// shownImages are the images of a mail that its HTML shows, by their Content-IDs and by what those begin with.
type shownImages struct{ ids, names map[string]bool }

func imagesShown(source string) shownImages {
	shown := shownImages{make(map[string]bool), make(map[string]bool)}
	z := html.NewTokenizer(strings.NewReader(source))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return shown
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			scheme, cid, _ := strings.Cut(attribute(t, "src"), ":")
			if t.Data != "img" || !strings.EqualFold(scheme, "cid") {
				continue
			}
			cid, _ = url.PathUnescape(cid)
			name, _, _ := strings.Cut(cid, "@")
			shown.ids[cid], shown.names[name] = true, true
		}
	}
}

// has reports whether the image with this Content-ID, or without one of this file name, is shown.
func (s shownImages) has(contentID, name string) bool {
	if contentID != "" {
		return s.ids[contentID]
	}
	return name != "" && s.names[name]
}
