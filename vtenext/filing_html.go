package vtenext

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"github.com/mailconnector/mailconnector/messages"
)

// Images of a mail that become part of the CRM's copy of its body: so many bytes each, and all together. Others are
// named where they were, because the CRM cannot show them from anywhere else.
const (
	maxImage  = 64 << 10
	maxImages = 1 << 20
)

// body is the HTML the CRM keeps of a mail. It is printed as it is, without a frame around it.
func (f *Filing) body(ctx context.Context, m messages.Mail) (string, error) {
	if m.HTML == "" {
		return strings.ReplaceAll(html.EscapeString(m.Text), "\n", "<br />\n"), nil
	}
	p := painter{ctx: ctx, attachments: m.Attachments, left: maxImages}
	return p.paint(m.HTML)
}

// painter puts the images of a mail into its HTML.
type painter struct {
	ctx         context.Context
	attachments []messages.Attachment
	left        int64 // bytes of images that may still be put in
}

func (p *painter) paint(markup string) (string, error) {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(markup))
	for {
		switch z.Next() {
		case html.ErrorToken: // the end: a string gives no other error
			return b.String(), nil
		case html.StartTagToken, html.SelfClosingTagToken:
			raw := string(z.Raw())
			token := z.Token()
			if token.Data != "img" {
				b.WriteString(raw)
				continue
			}
			image, err := p.image(token, raw)
			if err != nil {
				return "", err
			}
			b.WriteString(image)
		default:
			b.Write(z.Raw())
		}
	}
}

// image returns what stands for an image: itself with its bytes inside, a placeholder, or what was there.
func (p *painter) image(t html.Token, raw string) (string, error) {
	at := slices.IndexFunc(t.Attr, func(a html.Attribute) bool { return a.Key == "src" })
	if at < 0 {
		return raw, nil
	}
	scheme, cid, _ := strings.Cut(t.Attr[at].Val, ":")
	if !strings.EqualFold(scheme, "cid") {
		return raw, nil
	}
	a, found := p.find(cid)
	if !found {
		return "", nil
	}
	if a.Size > min(maxImage, p.left) || !slices.Contains([]string{"image/png", "image/jpeg", "image/gif", "image/webp"}, a.ContentType) {
		return "<span>[" + html.EscapeString(plain(a.Name)) + "]</span>", nil
	}
	content, err := readAll(p.ctx, a)
	if err != nil {
		return "", fmt.Errorf("read inline image: %w", err)
	}
	p.left -= a.Size
	t.Attr[at].Val = "data:" + a.ContentType + ";base64," + base64.StdEncoding.EncodeToString(content)
	return t.String(), nil
}

// find returns the image that the HTML names by its Content-ID or, where a client could not tell that, by the file name
// that Outlook begins Content-IDs with.
func (p *painter) find(cid string) (messages.Attachment, bool) {
	if decoded, err := url.PathUnescape(cid); err == nil {
		cid = decoded
	}
	name, _, _ := strings.Cut(cid, "@")
	at := slices.IndexFunc(p.attachments, func(a messages.Attachment) bool { return a.ContentID != "" && a.ContentID == cid })
	if at < 0 {
		at = slices.IndexFunc(p.attachments, func(a messages.Attachment) bool { return a.ContentID == "" && a.Name == name })
	}
	if at < 0 {
		return messages.Attachment{}, false
	}
	return p.attachments[at], true
}

func readAll(ctx context.Context, a messages.Attachment) ([]byte, error) {
	content, err := a.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = content.Close() }()
	return io.ReadAll(io.LimitReader(content, maxImage))
}

// plainText is what a reader sees of HTML, for lists. The HTML may end anywhere.
func plainText(markup string) string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(markup))
	hidden := ""
	for {
		switch z.Next() {
		case html.ErrorToken:
			return strings.Join(strings.Fields(b.String()), " ")
		case html.StartTagToken:
			if name, _ := z.TagName(); hidden == "" && (string(name) == "style" || string(name) == "script" || string(name) == "title") {
				hidden = string(name)
			}
			b.WriteByte(' ')
		case html.EndTagToken:
			if name, _ := z.TagName(); string(name) == hidden {
				hidden = ""
			}
			b.WriteByte(' ')
		case html.SelfClosingTagToken:
			b.WriteByte(' ')
		case html.TextToken:
			if hidden == "" {
				b.Write(z.Text())
			}
		}
	}
}
