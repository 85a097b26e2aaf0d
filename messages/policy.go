package messages

import (
	"regexp"
	"strings"

	"github.com/microcosm-cc/bluemonday"
)

// newPolicy is what of a mail's HTML may be shown: text, tables, images and harmless styling. Scripts, handlers, forms,
// frames, style sheets and everything unknown are not on the list. Images keep their address here, remote ones too, and
// elements their styles: the pass after this one decides about them. Styles are not left to the policy because its
// parser of them takes minutes for some that fit into a mail.
func newPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("a", "abbr", "address", "article", "aside", "b", "bdi", "bdo", "big", "blockquote", "br", "caption",
		"center", "cite", "code", "col", "colgroup", "dd", "del", "dfn", "div", "dl", "dt", "em", "figcaption", "figure",
		"font", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "i", "img", "ins", "kbd", "li", "main", "mark",
		"nav", "ol", "p", "pre", "q", "s", "samp", "section", "small", "span", "strike", "strong", "sub", "sup", "table",
		"tbody", "td", "tfoot", "th", "thead", "time", "tr", "tt", "u", "ul", "var", "wbr")
	p.AllowNoAttrs().OnElements("a", "font", "img", "span", "div")
	p.SkipElementsContent("select", "textarea", "button", "svg", "math", "template", "xmp", "plaintext", "audio", "video")

	plain := regexp.MustCompile(`^[\p{L}\p{N}\s.,:;#%+\-_/()!?&'"]{0,1000}$`)
	p.AllowAttrs("align", "valign", "bgcolor", "color", "dir", "lang", "width", "height", "border", "nowrap").
		Matching(plain).Globally()
	p.AllowAttrs("title", "alt").Globally()
	p.AllowAttrs("cellpadding", "cellspacing", "summary").Matching(plain).OnElements("table")
	p.AllowAttrs("colspan", "rowspan", "span", "headers", "scope").Matching(plain).OnElements("td", "th", "col", "colgroup")
	p.AllowAttrs("face", "size").Matching(plain).OnElements("font", "hr")
	p.AllowAttrs("start", "type", "value").Matching(plain).OnElements("ol", "ul", "li")
	p.AllowAttrs("datetime", "cite").Matching(plain).OnElements("time", "del", "ins")
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("src").OnElements("img")

	p.RequireParseableURLs(true)
	p.AllowRelativeURLs(false)
	p.AllowURLSchemes("http", "https", "mailto", "tel", "cid")
	p.AllowDataURIImages()
	p.AllowAttrs("style").Globally()
	return p
}

// styleProperties change how text looks and where it stands in its box. Those that could cover other text, load
// something or run something are missing.
func styleProperties() map[string]bool {
	properties := setOf([]string{"background", "background-color", "border-collapse", "border-radius", "border-spacing",
		"box-sizing", "caption-side", "clear", "color", "direction", "display", "empty-cells", "float", "font",
		"font-family", "font-size", "font-style", "font-variant", "font-weight", "height", "letter-spacing", "line-height",
		"list-style", "list-style-type", "max-height", "max-width", "min-height", "min-width", "opacity", "overflow",
		"table-layout", "text-align", "text-decoration", "text-indent", "text-transform", "unicode-bidi", "vertical-align",
		"white-space", "width", "word-break", "word-spacing", "word-wrap"})
	for _, side := range []string{"", "-top", "-right", "-bottom", "-left"} {
		for _, box := range []string{"margin", "padding", "border"} {
			properties[box+side] = true
		}
		for _, part := range []string{"-color", "-style", "-width"} {
			properties["border"+side+part] = true
		}
	}
	return properties
}

// safeStyles keeps of a style attribute the declarations that are harmless. It is taken apart at every semicolon: a
// browser sees fewer declarations, where a semicolon stands in a string or in parentheses, but none that begins elsewhere.
func safeStyles(style string, properties map[string]bool) string {
	var kept []string
	for declaration := range strings.SplitSeq(style, ";") {
		property, value, _ := strings.Cut(declaration, ":")
		property, value = strings.ToLower(strings.TrimSpace(property)), strings.TrimSpace(value)
		if properties[property] && value != "" && safeStyle(value) {
			kept = append(kept, property+": "+value)
		}
	}
	return strings.Join(kept, "; ")
}

// safeStyle refuses values that refer to anything, and all that hides from this check by an escape or a comment.
func safeStyle(value string) bool {
	if len(value) > 1000 {
		return false
	}
	value = strings.ToLower(value)
	for _, bad := range []string{`\`, "/*", ":", "@", "<", "{", "url", "src(", "image", "expression", "javascript", "attr(", "var(", "env("} {
		if strings.Contains(value, bad) {
			return false
		}
	}
	return true
}
