package messages_test

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// dangers lists what in a piece of HTML could run, load or send something, as a browser's parser sees it.
func dangers(source string) []string {
	root, err := html.Parse(strings.NewReader("<!DOCTYPE html><body>" + source))
	if err != nil {
		return []string{err.Error()}
	}
	var found []string
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if n.Namespace != "" || !slices.Contains(harmless, n.Data) {
			found = append(found, "element "+n.Data)
		}
		for _, a := range n.Attr {
			if !harmlessAttribute(n.Data, a) {
				found = append(found, n.Data+" "+a.Key+"="+a.Val)
			}
		}
	}
	return found
}

var harmless = strings.Fields(`html head body a abbr address article aside b bdi bdo big blockquote br caption center cite code col
	colgroup dd del dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark nav ol p pre
	q s samp section small span strike strong sub sup table tbody td tfoot th thead time tr tt u ul var wbr`)

func harmlessAttribute(element string, a html.Attribute) bool {
	value := strings.ToLower(a.Val)
	switch a.Key {
	case "href":
		return element == "a" && (strings.HasPrefix(value, "http") || strings.HasPrefix(value, "mailto:") || strings.HasPrefix(value, "tel:") || strings.HasPrefix(value, "cid:"))
	case "src":
		return element == "img" && (strings.HasPrefix(value, "cid:") || (strings.HasPrefix(value, "data:image/") && !strings.Contains(value, "svg")))
	case "style":
		return !strings.ContainsAny(value, `\@{}<`) && !strings.Contains(value, "url") && !strings.Contains(value, "position") && !strings.Contains(value, "/*")
	case "id", "name", "action", "background", "srcset", "ping", "is", "poster", "formaction", "srcdoc":
		return false
	}
	return !strings.HasPrefix(a.Key, "on") && !strings.Contains(a.Key, ":")
}
