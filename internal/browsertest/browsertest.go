// Package browsertest drives a real Chromium in tests.
package browsertest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// timeout bounds the use of one browser, which tests that belong together share.
const timeout = 8 * time.Minute

// Open starts a headless Chromium of its own and returns the context of its first tab, for chromedp.Run. The browser
// ends with the test. Where no Chromium is installed the test is skipped, or fails where the environment says CI.
func Open(t testing.TB, options ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	options = append(append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(find(t)),
		chromedp.NoSandbox, // tests may run as root, where Chromium's own sandbox does not start
		chromedp.UserDataDir(t.TempDir()),
		chromedp.WindowSize(1400, 900),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-quic", true),
		chromedp.WSURLReadTimeout(timeout), // on a busy machine it starts slowly
	), options...)
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	tab, closeTab := chromedp.NewContext(allocator, chromedp.WithLogf(t.Logf),
		chromedp.WithBrowserOption(chromedp.WithDialTimeout(timeout)))
	tab, cancel := context.WithTimeout(tab, timeout)
	t.Cleanup(func() {
		_ = chromedp.Cancel(tab) // waits until the browser is gone, so that its folder can be removed
		cancel()
		closeTab()
		stopAllocator()
	})
	return tab
}

func find(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatal("Chromium is missing: install the package chromium")
	}
	t.Skip("Chromium is not installed: install the package chromium to run this test")
	return ""
}

// Run does the actions and fails the test where one does not succeed. It leaves a picture of the page behind where the
// environment names a folder in MAILCONNECTOR_SCREENSHOTS.
func Run(t testing.TB, tab context.Context, actions ...chromedp.Action) {
	t.Helper()
	if err := chromedp.Run(tab, actions...); err != nil {
		Screenshot(t, tab, t.Name()+" failed")
		t.Fatalf("in the browser: %v", err)
	}
}

// Screenshot keeps a picture of the page under a name in the folder MAILCONNECTOR_SCREENSHOTS, if that is set.
func Screenshot(t testing.TB, tab context.Context, name string) {
	t.Helper()
	folder := os.Getenv("MAILCONNECTOR_SCREENSHOTS")
	if folder == "" {
		return
	}
	var picture []byte
	ctx, cancel := context.WithTimeout(tab, 10*time.Second)
	defer cancel()
	if err := chromedp.Run(ctx, chromedp.CaptureScreenshot(&picture)); err != nil {
		t.Logf("screenshot %s: %v", name, err)
		return
	}
	path := filepath.Join(folder, filepath.Base(name)+".png")
	if err := os.WriteFile(path, picture, 0o644); err != nil {
		t.Logf("screenshot %s: %v", name, err)
	}
}

// BrokenWords is a function in JavaScript that returns the words in an element that begin in one line and end in another.
const BrokenWords = `(element) => {
	const page = element.ownerDocument, texts = page.createTreeWalker(element, NodeFilter.SHOW_TEXT), broken = [];
	while (texts.nextNode()) {
		for (const word of texts.currentNode.data.matchAll(/[\p{L}\p{N}]+/gu)) {
			const range = page.createRange();
			range.setStart(texts.currentNode, word.index);
			range.setEnd(texts.currentNode, word.index + word[0].length);
			if (new Set([...range.getClientRects()].map((r) => Math.round(r.top))).size > 1) broken.push(word[0]);
		}
	}
	return broken;
}`
