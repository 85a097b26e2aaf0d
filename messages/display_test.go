package messages_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
)

// shown archives a mail with a body and returns what is shown of it, without the frame.
func shown(t testing.TB, h *harness, l letter, o messages.BodyOptions) (messages.Body, string) {
	t.Helper()
	l.id = fmt.Sprintf("<%d@x>", h.count("mc_messages"))
	receipt := h.archive(ann, l, nora)
	body, err := h.Body(t.Context(), ann, receipt.Message.ID, o)
	if err != nil {
		t.Fatal(err)
	}
	_, inner, found := strings.Cut(body.HTML, "<body>")
	inner, found2 := strings.CutSuffix(inner, "</body></html>")
	if !found || !found2 {
		t.Fatalf("body is no document: %q", body.HTML)
	}
	return body, inner
}

func TestBody(t *testing.T) {
	h := newHarness(t, dbtest.SQLite(t))
	partURL := func(n int) string { return fmt.Sprint("/part/", n) }
	logo := []file{{name: "logo.png", contentType: "image/png", contentID: "logo@1", content: "\x89PNG\r\n\x1a\n"}}
	tests := []struct {
		name    string
		letter  letter
		options messages.BodyOptions
		want    string
		blocked int
	}{
		{"text keeps its formatting", letter{html: `<p style="color: red">a <b>b</b></p>`}, messages.BodyOptions{},
			`<p style="color: red">a <b>b</b></p>`, 0},
		{"links open elsewhere and tell nothing", letter{html: `<a href="https://x.example/?a=1&b=2" target="_top" rel="opener">x</a>`}, messages.BodyOptions{},
			`<a href="https://x.example/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer">x</a>`, 0},
		{"remote images are blocked", letter{html: `<img src="https://t.example/p.gif" alt="Offer">`}, messages.BodyOptions{},
			`<span class="mc-image">Offer</span>`, 1},
		{"remote images load when asked for", letter{html: `<img src="https://t.example/p.gif">`}, messages.BodyOptions{RemoteImages: true},
			`<img src="https://t.example/p.gif">`, 0},
		{"images without https never load", letter{html: `<img src="http://t.example/p.gif">`}, messages.BodyOptions{RemoteImages: true},
			`<span class="mc-image" aria-hidden="true"></span>`, 1},
		{"images of the mail show", letter{html: `<img src="cid:logo@1" width="10">`, files: logo}, messages.BodyOptions{PartURL: partURL},
			`<img src="/part/2" width="10">`, 0},
		{"images of the mail by an encoded name show", letter{html: `<img src="cid:logo%401">`, files: logo}, messages.BodyOptions{PartURL: partURL},
			`<img src="/part/2">`, 0},
		{"images of the mail that are not there are placeholders", letter{html: `<img src="cid:other" alt="<x>">`}, messages.BodyOptions{PartURL: partURL},
			`<span class="mc-image">&lt;x&gt;</span>`, 0},
		{"images in the HTML show", letter{html: `<img src="data:image/png;base64,AAAA">`}, messages.BodyOptions{},
			`<img src="data:image/png;base64,AAAA">`, 0},
		{"plain text keeps its lines and is not markup", letter{text: "a <b>\r\n  c & d"}, messages.BodyOptions{},
			"<div style=\"white-space: pre-wrap\">a &lt;b&gt;\n  c &amp; d</div>", 0},
		{"addresses in plain text are links", letter{text: `See https://x.example/a?b="c" (or http://y.example).`}, messages.BodyOptions{},
			`<div style="white-space: pre-wrap">See <a href="https://x.example/a?b=" target="_blank" rel="noopener noreferrer">https://x.example/a?b=</a>` +
				`&#34;c&#34; (or <a href="http://y.example" target="_blank" rel="noopener noreferrer">http://y.example</a>).</div>`, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			body, inner := shown(t, h, test.letter, test.options)
			if got := strings.ReplaceAll(strings.TrimSpace(inner), "\r\n", "\n"); got != test.want {
				t.Errorf("shown:\n%s\nwant:\n%s", got, test.want)
			}
			if body.Blocked != test.blocked {
				t.Errorf("blocked = %d, want %d", body.Blocked, test.blocked)
			}
		})
	}
}

// hostile are ways to run a script, to load something or to leave the frame.
var hostile = []string{
	`<script>alert(1)</script>`,
	`<scr<script>ipt>alert(1)</script>`,
	`<img src=x onerror=alert(1)>`,
	`<img src="javascript:alert(1)">`,
	`<a href="javascript:alert(1)">x</a>`,
	`<a href="java&#10;script:alert(1)">x</a>`,
	`<a href=" &#1; javascript:alert(1)">x</a>`,
	`<a href="data:text/html,<script>alert(1)</script>">x</a>`,
	`<a href="vbscript:x">x</a>`,
	`<body onload=alert(1)>`,
	`<svg onload=alert(1)><script>alert(1)</script></svg>`,
	`<svg><style><img src=x onerror=alert(1)></style></svg>`,
	`<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">`,
	`<noscript><p title="</noscript><img src=x onerror=alert(1)>">`,
	`<iframe src="https://evil.example"></iframe>`,
	`<iframe srcdoc="<script>alert(1)</script>"></iframe>`,
	`<object data="https://evil.example"></object><embed src="https://evil.example">`,
	`<form action="https://evil.example"><input name=q><button>go</button></form>`,
	`<base href="https://evil.example/">`,
	`<meta http-equiv=refresh content="0;url=https://evil.example">`,
	`<link rel=stylesheet href="https://evil.example/x.css">`,
	`<style>@import url(https://evil.example/x.css); body{background:url(https://evil.example)}</style>`,
	`<p style="background:url(https://evil.example/x.gif)">x</p>`,
	`<p style="background-image:url('https://evil.example/x.gif')">x</p>`,
	`<p style="background:u\72l(https://evil.example/x.gif)">x</p>`,
	`<p style="background:u/**/rl(https://evil.example/x.gif)">x</p>`,
	`<p style="background:&#117;rl(https://evil.example)">x</p>`,
	`<p style="color:expression(alert(1))">x</p>`,
	`<p style="list-style:image-set('https://evil.example/x.gif' 1x)">x</p>`,
	`<p style="position:fixed;top:0;left:0;z-index:9">x</p>`,
	`<table background="https://evil.example/x.gif"><tr><td background="https://evil.example">x</table>`,
	`<img srcset="https://evil.example/x.gif 1x">`,
	`<picture><source srcset="https://evil.example/x.gif"><img></picture>`,
	`<video src="https://evil.example/x" poster="https://evil.example/y" autoplay></video><audio src="https://evil.example">`,
	`<img src="data:image/svg+xml,<svg onload=alert(1)>">`,
	`<a href="https://ok.example" ping="https://evil.example">x</a>`,
	`<p id="x" class="y" name="z" is="w">x</p>`,
	`<template><script>alert(1)</script></template>`,
	`<textarea><img src=x onerror=alert(1)></textarea>`,
	`<xmp><img src=x onerror=alert(1)></xmp>`,
	`<!--[if mso]><img src=x onerror=alert(1)><![endif]-->`,
	`<![CDATA[<script>alert(1)</script>]]>`,
	`<p title='"><script>alert(1)</script>'>x</p>`,
	"<img src='x' alt='`onerror=alert(1)'>",
	`<div style="width:1px;;;}body{background:url(//evil.example)}">x</div>`,
	`<p style="font-family:'a;background:url(https://evil.example/x.gif);b'">x</p>`,
	`<p style="color:(;position:fixed;);background-image:src('https://evil.example')">x</p>`,
	"<p style=\"color:red'\nposition:fixed;color:'\nposition:fixed\">x</p>",
	`<p style="pos/**/ition:fixed" STYLE="position:fixed">x</p>`,
	`<p style="&{position:fixed}@import 'https://evil.example'">x</p>`,
	`<a href="data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+">x</a>`,
	`<a href="data:image/png;base64,AAAA">x</a>`,
	`<img src="data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+">`,
	`<img src="cid:x" onerror=alert(1) srcset="cid:y 2x" longdesc="javascript:alert(1)" usemap="#m" lowsrc="//evil.example">`,
	`<a href="//evil.example">x</a><a href="/crm/admin">y</a><a href="#top">z</a><a href="file:///etc/passwd">w</a>`,
	`<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>`,
	`<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">`,
	`<math><annotation-xml encoding="text/html"><svg onload=alert(1)></annotation-xml></math>`,
	`<noembed><img title="</noembed><img src=x onerror=alert(1)>"></noembed>`,
	`<noframes><p title="</noframes><img src=x onerror=alert(1)>"></noframes>`,
	`<title><img title="</title><img src=x onerror=alert(1)>"></title>`,
	`<plaintext><img src=x onerror=alert(1)>`,
	`<select><style></select><img src=x onerror=alert(1)></style></select>`,
	`<frameset><frame src="https://evil.example"></frameset><marquee onstart=alert(1)>x</marquee><portal src="https://evil.example">`,
	`<a href="https://ok.example" target="_top" download onclick=alert(1) xlink:href="javascript:alert(1)">x</a>`,
	`<p background="https://evil.example" dynsrc="https://evil.example" data-x="1" contenteditable autofocus onfocus=alert(1)>x</p>`,
	"<p title=`x` lang=\"a`onmouseover=alert(1)\">x</p>",
	"<a href=\"java\tscript:alert(1)\">x</a><a href=\"\x01javascript:alert(1)\">y</a><a\x00href=javascript:alert(1)>z</a>",
	`<p title="--><img src=x onerror=alert(1)>"><!-- --!><img src=x onerror=alert(1)> -->`,
}

func TestBodyIsHarmless(t *testing.T) {
	h := newHarness(t, dbtest.SQLite(t))
	for _, vector := range hostile {
		_, inner := shown(t, h, letter{html: "<p>before</p>" + vector + "<p>after</p>"}, messages.BodyOptions{})
		if bad := dangers(inner); len(bad) > 0 {
			t.Errorf("%s\nshows %v in\n%s", vector, bad, inner)
		}
		if !strings.Contains(inner, "before") {
			t.Errorf("%s\nhides the text before it: %s", vector, inner)
		}
	}
	rows, err := h.db.QueryContext(t.Context(), "SELECT html FROM host_messages")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	given := 0
	for ; rows.Next(); given++ {
		var html string
		if err := rows.Scan(&html); err != nil {
			t.Fatal(err)
		}
		if bad := dangers(html); len(bad) > 0 {
			t.Errorf("the host is given %v in\n%s", bad, html)
		}
	}
	if err := rows.Err(); err != nil || given != len(hostile) {
		t.Fatalf("the host is given %d of %d bodies, %v", given, len(hostile), err)
	}
}

// TestLongStylesCostTheirLength shows styles as anybody may send them, and twice as long ones. A parser that copies the rest
// for each piece allocates four times as much for these.
func TestLongStylesCostTheirLength(t *testing.T) {
	h := newHarness(t, dbtest.SQLite(t))
	show := func(repeated string, times int) uint64 {
		l := letter{html: `<p style="color:` + strings.Repeat(repeated, times) + `">x</p>`}
		return allocated(func() { shown(t, h, l, messages.BodyOptions{}) })
	}
	show("a ", 1) // what is allocated once
	for _, repeated := range []string{"a ", "url(", "(", "a{", "/*", "@a ", "'", "color:red;"} {
		once, twice := show(repeated, 5_000), show(repeated, 10_000)
		if twice > 3*once {
			t.Errorf("%d bytes of %q take %d bytes, and twice as many %d", len(repeated)*5_000, repeated, once, twice)
		}
	}
}

func TestCSP(t *testing.T) {
	blocked, allowed := messages.BodyOptions{}.CSP(), messages.BodyOptions{RemoteImages: true}.CSP()
	for _, directive := range []string{"sandbox allow-popups", "default-src 'none'", "form-action 'none'", "base-uri 'none'"} {
		if !strings.Contains(blocked, directive) || !strings.Contains(allowed, directive) {
			t.Errorf("no %q in the policies", directive)
		}
	}
	if strings.Contains(blocked, "https:") || !strings.Contains(allowed, "https:") {
		t.Errorf("policies: %q, %q, want https images only where allowed", blocked, allowed)
	}
	for _, csp := range []string{blocked, allowed} {
		for _, bad := range []string{"allow-scripts", "allow-same-origin", "script-src", "*"} {
			if strings.Contains(csp, bad) {
				t.Errorf("%q allows %s", csp, bad)
			}
		}
	}
}

func TestALargeBodyIsCut(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		body, inner := shown(t, h, letter{html: strings.Repeat("<i>ü</i>", 400_000)}, messages.BodyOptions{})
		if len(inner) > 3<<20 || !slices.Contains(problemCodes(body.Problems), messages.ProblemHTMLCut) {
			t.Errorf("%d bytes are shown, problems %v", len(inner), body.Problems)
		}
		body, inner = shown(t, h, letter{text: strings.Repeat("ü ", 1_000_000)}, messages.BodyOptions{})
		if len(inner) > 3<<20 || !slices.Contains(problemCodes(body.Problems), messages.ProblemTextCut) {
			t.Errorf("%d bytes are shown, problems %v", len(inner), body.Problems)
		}
	})
}

func FuzzBody(f *testing.F) {
	for _, vector := range hostile {
		f.Add(vector)
	}
	h := newHarness(f, dbtest.SQLite(f))
	h.crm.files = nil
	n := 0
	f.Fuzz(func(t *testing.T, html string) {
		d := draft()
		d.HTML = html
		n++
		id := fmt.Sprintf("<%d@fuzz>", n)
		receipt, err := h.Archive(t.Context(), ann, messages.Request{Source: messages.Structured(d, nil), MessageID: id, Links: []permissions.Record{nora}})
		if err != nil {
			t.Fatal(err)
		}
		body, err := h.Body(t.Context(), ann, receipt.Message.ID, messages.BodyOptions{})
		if err != nil {
			t.Fatal(err)
		}
		_, inner, _ := strings.Cut(body.HTML, "<body>")
		if bad := dangers(strings.TrimSuffix(inner, "</body></html>")); len(bad) > 0 {
			t.Errorf("%q shows %v in %q", html, bad, inner)
		}
	})
}
