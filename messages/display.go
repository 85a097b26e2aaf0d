package messages

import (
	"context"
	"html"
	"regexp"
	"slices"
	"strings"

	"github.com/microcosm-cc/bluemonday"

	"github.com/mailconnector/mailconnector/permissions"
)

// The policies under which a body is served. The frame around it has neither scripts nor an origin; popups are links.
const (
	cspBase   = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; font-src 'none'; form-action 'none'; base-uri 'none'; img-src 'self' data:"
	cspImages = cspBase + " https:"
)

// CSP is the Content-Security-Policy a body is served with.
func (o BodyOptions) CSP() string {
	if o.RemoteImages {
		return cspImages
	}
	return cspBase
}

// Body returns the body of a message as a document that is safe to show: the HTML made harmless, or else the plain
// text. A reader who uploaded a copy of his own sees that copy's text. It answers permissions.ErrNotFound for a message
// the subject may not see.
func (s *Service) Body(ctx context.Context, sub permissions.Subject, id string, o BodyOptions) (Body, error) {
	if err := s.checkVisible(ctx, sub, id); err != nil {
		return Body{}, err
	}
	a, err := s.read(ctx, id)
	if err != nil {
		return Body{}, err
	}
	l := a.letter
	if l.has(ProblemBodyDiffers) {
		if err := s.preferOwnText(ctx, sub, id, l); err != nil {
			return Body{}, err
		}
	}
	content, blocked := s.display.body(l, o)
	return Body{HTML: document(content), CSP: o.CSP(), Blocked: blocked, Problems: l.problems}, nil
}

// preferOwnText shows a reader the words that his own copy has, where copies differ.
func (s *Service) preferOwnText(ctx context.Context, sub permissions.Subject, id string, l *letter) error {
	own, err := s.store.renditionsOf(ctx, id, sub.UserID)
	if err != nil {
		return err
	}
	for _, row := range own {
		if row.HTML != "" || row.Text != "" {
			l.html, l.text = row.HTML, row.Text
			return nil
		}
	}
	return nil
}

// display makes mails safe to look at.
type display struct {
	policy *bluemonday.Policy
	styles map[string]bool // properties that may be set
	urls   *regexp.Regexp
}

func newDisplay() display {
	return display{
		policy: newPolicy(), styles: styleProperties(), urls: regexp.MustCompile("(?i)\\bhttps?://[^\\s<>\"'`]+"),
	}
}

// body is the inside of the document.
func (d display) body(l *letter, o BodyOptions) (content string, blocked int) {
	if l.html == "" {
		return d.plain(l.text), 0
	}
	images := imagesOf(l.parts)
	r := rewriter{styles: d.styles, remote: o.RemoteImages, image: func(cid string) string {
		if number, found := images.find(cid); found && o.PartURL != nil {
			return o.PartURL(number)
		}
		return ""
	}}
	content = r.rewrite(d.policy.Sanitize(l.html))
	return content, r.blocked
}

// forHost is the HTML that the host stores: it may be shown without our frame. Images of the mail itself keep their
// cid: address.
func (d display) forHost(l *letter) string {
	if l.html == "" {
		return d.plain(l.text)
	}
	images := imagesOf(l.parts)
	r := rewriter{styles: d.styles, image: func(cid string) string {
		if _, found := images.find(cid); !found {
			return ""
		}
		return "cid:" + cid
	}}
	return r.rewrite(d.policy.Sanitize(l.html))
}

// images are the numbers of the parts that HTML may name by their Content-ID, or, where a client could not tell it, by the
// file name that Outlook begins Content-IDs with.
type images struct{ byID, byName map[string]int }

func imagesOf(parts []part) images {
	i := images{make(map[string]int), make(map[string]int)}
	for _, p := range slices.Backward(parts) { // the first of a name counts
		switch {
		case p.isBody() || p.blob == "":
		case p.ContentID != "":
			i.byID[p.ContentID] = p.Number
		case p.Name != "":
			i.byName[p.Name] = p.Number
		}
	}
	return i
}

func (i images) find(cid string) (number int, found bool) {
	if number, found = i.byID[cid]; !found {
		name, _, _ := strings.Cut(cid, "@")
		number, found = i.byName[name]
	}
	return number, found
}

// document frames a body. Its style is overridden by any the mail has.
func document(content string) string {
	return `<!DOCTYPE html>
<html><head><meta charset="utf-8"><meta name="referrer" content="no-referrer"><meta name="viewport" content="width=device-width">
<style>body{margin:8px;font:14px/1.5 system-ui,sans-serif;overflow-wrap:anywhere;color:#222;background:#fff}img{max-width:100%}pre{white-space:pre-wrap}.mc-image{border:1px dashed #999;border-radius:4px;padding:0 6px;color:#666}</style>
</head><body>` + content + `</body></html>`
}

// plain shows plain text as it was typed, with its addresses made links.
func (d display) plain(text string) string {
	if text == "" {
		return ""
	}
	var b strings.Builder
	b.WriteString(`<div style="white-space: pre-wrap">`)
	shown := 0
	for _, at := range d.urls.FindAllStringIndex(text, -1) {
		end := at[0] + len(strings.TrimRight(text[at[0]:at[1]], ".,;:!?)]}"))
		url := html.EscapeString(text[at[0]:end])
		b.WriteString(html.EscapeString(text[shown:at[0]]))
		b.WriteString(`<a href="` + url + `" target="_blank" rel="noopener noreferrer">` + url + `</a>`)
		shown = end
	}
	b.WriteString(html.EscapeString(text[shown:]))
	b.WriteString(`</div>`)
	return b.String()
}
