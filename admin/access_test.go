package admin_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/mailconnector/mailconnector/admin"
	"github.com/mailconnector/mailconnector/permissions"
)

// everyPage is what a signed-in administrator can look at.
func everyPage() []string {
	return []string{
		"/admin/", "/admin/license", "/admin/license/deactivate", "/admin/seats", "/admin/sessions?all=1", "/admin/activity",
		"/admin/health", "/admin/nothing", "/admin/signin", "/me",
	}
}

// document is a parsed page, for questions about its structure.
type document struct {
	nodes []*html.Node
}

func parse(t *testing.T, body string) document {
	t.Helper()
	root := must(html.Parse(strings.NewReader(body)))(t)
	return document{slices.Collect(root.Descendants())}
}

func (d document) all(tag string) []*html.Node {
	return slices.DeleteFunc(slices.Clone(d.nodes), func(n *html.Node) bool { return n.Type != html.ElementNode || n.Data != tag })
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func (d document) ids() map[string]int {
	ids := map[string]int{}
	for _, n := range d.nodes {
		if id := attribute(n, "id"); id != "" {
			ids[id]++
		}
	}
	return ids
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.TrimSpace(b.String())
}

func inside(n *html.Node, tag string) bool {
	for a := range n.Ancestors() {
		if a.Data == tag {
			return true
		}
	}
	return false
}

// fullWorld has something to show on every page.
func fullWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, func(c *admin.Config) {
		c.ManifestURL = "https://crm.example.com/manifest.xml"
		c.Explain = func(context.Context, permissions.Subject, permissions.Record) (string, error) { return "", nil }
	})
	w.activate(w.license(2))
	for _, user := range []string{"sales.rep", "sales.manager"} {
		w.addin(user)
	}
	w.activate(w.license(1))
	for _, user := range []string{"1", "3"} {
		w.link(user, "Offer for "+user, nora)
		must(0, w.config.Sessions.NoteError(t.Context(), user, "seat-limit"))(t)
	}
	return w
}

func TestPagesAreUsableWithAKeyboardAndAScreenReader(t *testing.T) {
	b := fullWorld(t).signedIn("admin", "admin")
	for _, path := range everyPage() {
		t.Run(path, func(t *testing.T) {
			d := parse(t, b.get(path).Body)
			ids := d.ids()
			for id, n := range ids {
				if n > 1 {
					t.Errorf("id %q is given %d times", id, n)
				}
			}
			if n := len(d.all("h1")); n != 1 {
				t.Errorf("%d main headings", n)
			}
			checkNames(t, d)
			checkReferences(t, d, ids)
			for _, table := range d.all("table") {
				if first := table.FirstChild; first == nil || first.Data != "caption" || textOf(first) == "" {
					t.Error("a table has no caption")
				}
			}
		})
	}
}

// checkNames fails for a control that a screen reader could not name.
func checkNames(t *testing.T, d document) {
	t.Helper()
	labelled := map[string]bool{}
	for _, label := range d.all("label") {
		labelled[attribute(label, "for")] = textOf(label) != ""
	}
	for _, tag := range []string{"input", "textarea", "select"} {
		for _, n := range d.all(tag) {
			if attribute(n, "type") != "hidden" && !labelled[attribute(n, "id")] && !inside(n, "label") {
				t.Errorf("%s %q has no label", tag, attribute(n, "name"))
			}
		}
	}
	for _, tag := range []string{"button", "a", "summary", "th"} {
		for _, n := range d.all(tag) {
			if textOf(n) == "" && attribute(n, "aria-label") == "" {
				t.Errorf("a %s has no name", tag)
			}
		}
	}
}

// checkReferences fails for an attribute that names an element which is not there.
func checkReferences(t *testing.T, d document, ids map[string]int) {
	t.Helper()
	for _, n := range d.nodes {
		for _, name := range []string{"for", "aria-labelledby", "aria-describedby", "list", "data-into"} {
			for id := range strings.FieldsSeq(attribute(n, name)) {
				if ids[id] == 0 {
					t.Errorf("%s of a %s names %q, which is not there", name, n.Data, id)
				}
			}
		}
	}
}

func TestEveryFormThatChangesSomethingCarriesItsToken(t *testing.T) {
	b := fullWorld(t).signedIn("admin", "admin")
	tokens := 0
	for _, path := range everyPage() {
		for _, form := range parse(t, b.get(path).Body).all("form") {
			carries := false
			for n := range form.Descendants() {
				carries = carries || attribute(n, "name") == "form_token" && attribute(n, "value") != ""
			}
			if carries != (attribute(form, "method") == "post") {
				t.Errorf("%s: form to %s has method %q and token %v", path, attribute(form, "action"), attribute(form, "method"), carries)
			}
			if carries {
				tokens++
			}
		}
	}
	if tokens < len(everyPage()) { // each has one at least, to sign out
		t.Errorf("%d forms carry a token on %d pages", tokens, len(everyPage()))
	}
}
