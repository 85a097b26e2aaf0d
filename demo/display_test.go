package demo_test

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/mailconnector/mailconnector/demo"
	"github.com/mailconnector/mailconnector/internal/browsertest"
	"github.com/mailconnector/mailconnector/module/moduletest"
)

//go:embed testdata/audit.js
var auditScript string

// viewer shows bodies of a demo's messages in a browser that can reach nothing else.
type viewer struct {
	t    *testing.T
	tab  context.Context
	wire *wire
	rep  *moduletest.Client
	to   moduletest.Target

	mu   sync.Mutex
	said []string // what scripts did, and what the browser had to stop
}

// seen is what the browser made of one body.
type seen struct {
	Bad    []string `json:"bad"`
	Images []struct {
		Src   string `json:"src"`
		Width int    `json:"width"`
	} `json:"images"`
	Text string `json:"text"`
}

func newViewer(t *testing.T) *viewer {
	t.Helper()
	address := serve(t, demo.Config{DataDir: t.TempDir(), Activated: true})
	v := &viewer{t: t, rep: signIn(t, address, "sales.rep")}
	v.to = find(t, v.rep, "jürgen mül", "Contacts").Target
	wire, proxy := startWire(t, address, v.rep)
	v.wire = wire
	v.tab = browsertest.Open(t,
		chromedp.ProxyServer(proxy),
		chromedp.Flag("proxy-bypass-list", "<-loopback>"),
		// Frames stay in the process of their page, or their events would be another target's.
		chromedp.Flag("disable-features", "site-per-process,IsolateSandboxedIframes,Translate,OptimizationHints,MediaRouter,NetworkTimeServiceQuerying"))
	chromedp.ListenTarget(v.tab, v.listen)
	browsertest.Run(t, v.tab, log.Enable(), runtime.Enable(), chromedp.Navigate("about:blank"))
	return v
}

func (v *viewer) listen(event any) {
	var said string
	switch e := event.(type) {
	case *page.EventJavascriptDialogOpening:
		said = "dialog: " + e.Message
		go func() { _ = chromedp.Run(v.tab, page.HandleJavaScriptDialog(false)) }()
	case *runtime.EventConsoleAPICalled:
		said = fmt.Sprintf("console: %s", e.Type)
	case *log.EventEntryAdded:
		if e.Entry.Source != log.SourceNetwork { // images that are refused: the wire knows
			said = "stopped: " + e.Entry.Text
		}
	}
	if said != "" {
		v.mu.Lock()
		v.said = append(v.said, said)
		v.mu.Unlock()
	}
}

func (v *viewer) takeSaid() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	said := v.said
	v.said = nil
	return said
}

// link links a mail and returns the id of its message.
func (v *viewer) link(raw []byte) string {
	v.t.Helper()
	u := post(v.t, v.rep, raw, "", v.to)
	if u.err != nil || u.receipt.Message.ID == "" && u.status != http.StatusUnprocessableEntity { // a mail without bytes
		v.t.Errorf("link: %s, %v", u.answer(), u.err)
	}
	return u.receipt.Message.ID
}

// look opens addresses in frames of one page, and tells what the browser made of each.
func (v *viewer) look(frames []string) []seen {
	v.t.Helper()
	const path = "/frames"
	var all []seen
	var title string
	browsertest.Run(v.t, v.tab, chromedp.Navigate(v.wire.show(path, frames)), chromedp.ActionFunc(func(ctx context.Context) (err error) {
		all, err = auditFrames(ctx, len(frames))
		return err
	}), chromedp.Title(&title))
	if title != "untouched" {
		v.t.Errorf("the page around the mails is %q now", title)
	}
	targets, err := chromedp.Targets(v.tab)
	if err != nil {
		v.t.Fatal(err)
	}
	for _, target := range targets {
		if target.Type == "page" && target.URL != "http://"+crmHost+path {
			v.t.Errorf("a mail opened or left for %s", target.URL)
		}
	}
	return all
}

// auditFrames looks into each frame from a world of its own: what runs there is ours, not the mail's.
func auditFrames(ctx context.Context, n int) ([]seen, error) {
	tree, err := page.GetFrameTree().Do(ctx)
	if err != nil {
		return nil, err
	}
	if len(tree.ChildFrames) != n {
		return nil, fmt.Errorf("%d frames of %d", len(tree.ChildFrames), n)
	}
	all := make([]seen, n)
	for i, child := range tree.ChildFrames {
		world, err := page.CreateIsolatedWorld(child.Frame.ID).Do(ctx)
		if err != nil {
			return nil, err
		}
		result, exception, err := runtime.Evaluate(auditScript).WithContextID(world).WithReturnByValue(true).Do(ctx)
		if err != nil {
			return nil, err
		}
		if exception != nil {
			return nil, exception
		}
		if err := json.Unmarshal(result.Value, &all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func bodyPath(id string, images string) string {
	return "/mailconnector/api/v1/messages/" + id + "/body?images=" + images
}

func bodyPaths(ids []string, images string) (paths []string) {
	for _, id := range ids {
		paths = append(paths, bodyPath(id, images))
	}
	return paths
}

// TestTheCorpusIsShownHarmlessly opens real mails in a real browser, with remote images blocked and allowed. Every tenth
// is taken, and all with MAILCONNECTOR_FULL.
func TestTheCorpusIsShownHarmlessly(t *testing.T) {
	files := corpusFiles(t)
	if !thorough() {
		files = everyOther(files) // of every fifth
	}
	for some := range slices.Chunk(files, 400) { // as many as one browser gets done in its time
		t.Run("", func(t *testing.T) { newViewer(t).showAll(some) })
	}
}

// showAll links mails and looks at their bodies, with remote images blocked and allowed.
func (v *viewer) showAll(files []string) {
	v.t.Helper()
	names := make(map[string]string) // by id of the message
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			v.t.Fatal(err)
		}
		if id := v.link(raw); id != "" {
			names[id] = file
		}
	}
	v.wire.take()
	v.takeSaid()
	shown, remote, own := 0, 0, 0
	for _, images := range []string{"blocked", "allowed"} { // in this order: what is asked for once more may arrive late
		for batch := range slices.Chunk(slices.Sorted(maps.Keys(names)), 20) {
			for i, s := range v.look(bodyPaths(batch, images)) {
				if len(s.Bad) > 0 {
					v.t.Errorf("%s, images %s: %.500q", names[batch[i]], images, s.Bad)
				}
				shown++
				own += s.ownImages()
			}
			remote += v.wantQuiet(images, batch, names)
		}
	}
	v.t.Logf("%d mails, %d bodies shown, %d images of the mails themselves seen, %d requests for remote images where allowed",
		len(names), shown, own, remote)
	if own == 0 {
		v.t.Error("no image of any mail was shown")
	}
}

// ownImages counts the images of the mail itself that the browser shows.
func (s seen) ownImages() (n int) {
	for _, image := range s.Images {
		if strings.Contains(image.Src, "/api/v1/content/") && image.Width > 0 {
			n++
		}
	}
	return n
}

func everyOther(files []string) (some []string) {
	for i := 0; i < len(files); i += 2 {
		some = append(some, files[i])
	}
	return some
}

// wantQuiet wants nothing asked for but the page, the bodies and images of the mails themselves; where remote images are
// allowed, those over TLS too. It returns how many those were.
func (v *viewer) wantQuiet(images string, batch []string, names map[string]string) int {
	v.t.Helper()
	which := names[batch[0]]
	foreign, own := v.wire.take()
	for _, request := range foreign {
		if images == "blocked" || !strings.HasPrefix(request, "CONNECT ") || !strings.HasSuffix(request, ":443") {
			v.t.Errorf("the mails from %s on, images %s, asked for %s", which, images, request)
		}
	}
	for _, path := range own {
		if path != "/frames" && !strings.HasPrefix(path, "/mailconnector/api/v1/content/") && !strings.HasSuffix(path, "/body") {
			v.t.Errorf("the mails from %s on asked the CRM for %s", which, path)
		}
	}
	for _, said := range v.takeSaid() {
		v.t.Errorf("the mails from %s on, images %s: %s", which, images, said)
	}
	return len(foreign)
}

// composeHTML writes a mail with an HTML body and an image that the body may show as cid:logo@mail.
func composeHTML(t *testing.T, number int, html string) []byte {
	t.Helper()
	var logo bytes.Buffer
	if err := png.Encode(&logo, image.NewGray(image.Rect(0, 0, 12, 7))); err != nil {
		t.Fatal(err)
	}
	wrapped := func(b []byte) string {
		var s strings.Builder
		for line := range slices.Chunk([]byte(base64.StdEncoding.EncodeToString(b)), 76) {
			s.Write(line)
			s.WriteString("\r\n")
		}
		return s.String()
	}
	return fmt.Appendf(nil, "Message-ID: <%d@display.example>\r\nFrom: Eve <eve@display.example>\r\nTo: rep@crm.example\r\nSubject: Look %d\r\n"+
		"Date: Mon, 12 Jan 2026 09:30:00 +0100\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=cut\r\n\r\n"+
		"--cut\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n%s"+
		"--cut\r\nContent-Type: image/png; name=logo.png\r\nContent-ID: <logo@mail>\r\nContent-Disposition: inline\r\n"+
		"Content-Transfer-Encoding: base64\r\n\r\n%s--cut--\r\n", number, number, wrapped([]byte(html)), wrapped(logo.Bytes()))
}
