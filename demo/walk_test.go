package demo_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"github.com/mailconnector/mailconnector/demo"
	"github.com/mailconnector/mailconnector/internal/browsertest"
)

// serve runs the demo on a free port until the test ends and returns its address.
func serve(t *testing.T, c demo.Config) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + listener.Addr().String()
	app, err := demo.Open(t.Context(), c, address)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: app, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() {
		if err := errors.Join(server.Shutdown(context.Background()), app.Close(context.Background())); err != nil {
			t.Error(err)
		}
	})
	return address
}

// TestFirstFiveMinutes walks in a real browser what a newcomer does: from a mail in the simulated Outlook to the
// record in the CRM.
func TestFirstFiveMinutes(t *testing.T) {
	tab := browsertest.Open(t)
	address := serve(t, demo.Config{DataDir: t.TempDir(), Activated: true})
	find(t, signIn(t, address, "sales.rep"), "muller jurg", "Contacts") // waits for the index, as the pane does not
	run := func(actions ...chromedp.Action) {
		t.Helper()
		browsertest.Run(t, tab, actions...)
	}

	// In Outlook: the mail with two attachments, and the task pane beside it.
	run(chromedp.Navigate(address+"/outlook/"),
		chromedp.Click(`//ul[@id="list"]//button[contains(., "Jürgen Müller")]`, chromedp.BySearch))
	in := chromedp.FromNode(frame(t, tab, "#pane"))
	run(chromedp.WaitVisible("#user", chromedp.ByQuery, in),
		chromedp.SendKeys("#user", "sales.rep", chromedp.ByQuery, in),
		chromedp.SendKeys("#password", "demo", chromedp.ByQuery, in),
		chromedp.Click("button[type=submit]", chromedp.ByQuery, in),
		chromedp.WaitVisible(".group .reason", chromedp.ByQuery, in))
	browsertest.Screenshot(t, tab, "1-suggestions")

	// A contact is found as one types, and linked with one press. The words come at once: on a slow machine, what is found
	// between two letters would be pressed.
	const contact = `.found li[data-record^="Contacts:"]`
	var record string
	run(chromedp.Focus("#query", chromedp.ByQuery, in),
		input.InsertText("muller jurg"),
		chromedp.WaitVisible(contact, chromedp.ByQuery, in),
		chromedp.AttributeValue(contact, "data-record", &record, nil, chromedp.ByQuery, in))
	browsertest.Screenshot(t, tab, "2-search")
	run(chromedp.Click(contact+" button.link", chromedp.ByQuery, in),
		chromedp.WaitVisible(".receipt .parts .state.stored", chromedp.ByQuery, in))
	browsertest.Screenshot(t, tab, "3-receipt")
	run(chromedp.Click("header button.quiet", chromedp.ByQuery, in),
		chromedp.WaitVisible("#user", chromedp.ByQuery, in))

	// In the CRM: the mail in the record's Messages tab, its attachments in the Documents tab.
	page := address + "/records/" + strings.Replace(record, ":", "/", 1)
	var messages, documents string
	run(chromedp.Navigate(address+"/signin"),
		chromedp.Click(`//button[contains(., "sales.rep")]`, chromedp.BySearch),
		chromedp.WaitVisible(`a[href="/documents"]`, chromedp.ByQuery),
		chromedp.Navigate(page+"/messages"),
		chromedp.Click(".mc-message summary", chromedp.ByQuery),
		chromedp.Text(".mc-tab", &messages, chromedp.ByQuery))
	body := sandboxedText(t, tab, "/api/v1/content/")
	browsertest.Screenshot(t, tab, "4-messages")
	run(chromedp.Navigate(page+"/documents"), chromedp.Text("main", &documents, chromedp.ByQuery))
	browsertest.Screenshot(t, tab, "5-documents")

	if !strings.Contains(messages, "Angebot Abfüllanlage B8") {
		t.Errorf("the Messages tab shows %q", messages)
	}
	if !strings.Contains(body, "Können Sie uns bis Freitag ein Angebot machen?") {
		t.Errorf("the message shows %q", body)
	}
	for _, name := range attachmentNames {
		if !strings.Contains(documents, name) {
			t.Errorf("the Documents tab lacks %q: %q", name, documents)
		}
	}
}

// attachmentNames are the attachments of the mail from Jürgen Müller.
var attachmentNames = []string{"Lastenheft Abfüllanlage.pdf", "Halle Grundriss.png"}

// sandboxedText waits for a sandboxed frame whose address contains a part, and returns its text. Such a frame is a
// target of its own: its document is closed to the page around it.
func sandboxedText(t *testing.T, tab context.Context, part string) string {
	t.Helper()
	for {
		targets, err := chromedp.Targets(tab)
		if err != nil {
			t.Fatal(err)
		}
		for _, target := range targets {
			if target.Type == "iframe" && strings.Contains(target.URL, part) {
				inside, leave := chromedp.NewContext(tab, chromedp.WithTargetID(target.TargetID))
				t.Cleanup(leave) // not before: leaving closes the target, and with it the page the frame is in
				var text string
				browsertest.Run(t, inside, chromedp.Text("body", &text, chromedp.ByQuery))
				return text
			}
		}
		browsertest.Run(t, tab, chromedp.Sleep(50*time.Millisecond))
	}
}

// frame waits for a frame of the page and returns it, for chromedp.FromNode.
func frame(t *testing.T, tab context.Context, selector string) *cdp.Node {
	t.Helper()
	var frames []*cdp.Node
	browsertest.Run(t, tab, chromedp.WaitVisible(selector, chromedp.ByQuery), chromedp.Nodes(selector, &frames, chromedp.ByQuery))
	return frames[0]
}
