package addin_test

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/mailconnector/mailconnector/internal/browsertest"
)

func hostile(_ *testing.T, o *outlook, _ *site) {
	o.enter("sales.rep")
	o.reads(".mail", `You <b>WON</b>! <script>alert("subject")</script>`)
	o.click(`row("` + markup + `").querySelector("button")`)
	o.reads(".receipt", "Linked to "+markup)
	o.reads(".receipt .parts", "prize.pdf.exe")
	o.write("#query", "<b>nothing</b>")
	o.reads(".found", "Nothing found for “<b>nothing</b>”.")
	o.sees(`$$("img, b:not(.user b), #pane script").length === 0`)
	o.picture("pane-hostile")
}

// keyboard touches no mouse.
func keyboard(t *testing.T, o *outlook, _ *site) {
	var done bool
	o.sees(`seen($("#user"))`)
	o.script(`($("#user").focus(), true)`, &done)
	o.run(chromedp.KeyEvent("sales.rep" + kb.Tab + "demo" + kb.Enter))
	o.sees(`pane.activeElement === $("#query") && seen($(".group"))`)
	o.run(chromedp.KeyEvent("sonnhof"))
	o.sees(`found("Hans Sonnhof")`) // now what Tab leads through stays
	focused := func() (what string) {
		o.t.Helper()
		o.script(`(pane.activeElement.id || pane.activeElement.innerText)`, &what)
		return what
	}
	var order []string
	for range 4 {
		o.run(chromedp.KeyEvent(kb.Tab))
		order = append(order, focused())
	}
	if order[0] != "module" || order[2] != "Link" {
		t.Errorf("Tab leads from the search to %q, want the choice of modules, then a record and its Link", order)
	}
	o.script(`(row("Hans Sonnhof").querySelector("button").focus(), true)`, &done)
	o.run(chromedp.KeyEvent(kb.Enter))
	o.sees(`seen($(".receipt")) && pane.activeElement === $(".receipt h2")`)
	o.run(chromedp.KeyEvent(kb.Tab))
	if got := focused(); got != "Undo" {
		t.Errorf("after the receipt Tab leads to %q, want Undo", got)
	}
	o.run(chromedp.KeyEvent(" "))
	o.reads(".status", "The link was undone.")
	o.sees(`pane.activeElement === $("#query")`)
}

func italian(t *testing.T, o *outlook, _ *site) {
	o.choose("language", "it-IT")
	o.reads("h1", "Accedi a Alpina CRM")
	o.signIn("sales.rep", "sbagliata")
	o.reads("form .problem", "Nome utente o password errati.")
	o.enter("sales.rep")
	o.sees(`pane.documentElement.lang === "it" && $("#query").placeholder === "Cerca nel CRM" && button("Collega") && button("Esci")`)
	o.picture("pane-italian")
}

func narrow(t *testing.T, o *outlook, _ *site) {
	fits := func(what string) {
		t.Helper()
		var width struct{ Inner, Scroll int }
		o.script(`({Inner: pane.documentElement.clientWidth, Scroll: pane.documentElement.scrollWidth})`, &width)
		if width.Scroll > width.Inner || width.Inner > 320 {
			t.Errorf("%s is %d pixels wide in %d", what, width.Scroll, width.Inner)
		}
		o.picture("pane-narrow-" + what)
	}
	var done bool
	o.script(`(document.querySelector("#pane").style.width = "320px", true)`, &done)
	fits("sign-in")
	o.enter("sales.rep")
	fits("suggestions")
	o.write("#query", "donaudampf")
	o.sees(`row("` + oneWord + `")`)
	fits("search")
	o.click(`row("` + oneWord + `").querySelector("button")`)
	o.sees(`seen($(".receipt"))`)
	fits("receipt")
	o.click(`button("Undo")`)
	o.sees(`!seen($(".receipt"))`)
}

// addresses looks for words that begin in one line and end in another.
func addresses(t *testing.T, o *outlook, _ *site) {
	var done bool
	o.script(`(document.querySelector("#pane").style.width = "320px", true)`, &done)
	o.enter("sales.rep")
	for language, reason := range map[string]string{"en-US": "Has the address ", "it-IT": "Contiene l'indirizzo "} {
		o.choose("language", language)
		o.sees(`$$(".reason").some((e) => e.innerText === "` + reason + `juergen.mueller@brauhaus-mueller.example")`)
		var broken []string
		o.script(`$$(".reason").flatMap(`+browsertest.BrokenWords+`)`, &broken)
		if len(broken) > 0 {
			t.Errorf("in %s the pane breaks %q", language, broken)
		}
		o.picture("pane-addresses-" + language)
	}
}

func colours(t *testing.T, o *outlook, s *site) {
	dark := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}
	o.run(emulation.SetEmulatedMedia().WithFeatures(dark))
	o.open(s, "1-offer")
	o.sees(`pane.documentElement.dataset.theme === "dark"`)
	o.picture("pane-dark-sign-in")
	o.enter("sales.rep")
	o.picture("pane-dark")
	o.mail("2-reply")
	o.sees(`row("Jürgen Müller")`)
	o.click(`row("Jürgen Müller").querySelector("button")`)
	o.sees(`seen($(".receipt"))`)
	o.picture("pane-dark-receipt")
	o.run(emulation.SetEmulatedMedia().WithFeatures(append(dark, &emulation.MediaFeature{Name: "forced-colors", Value: "active"})))
	o.sees(`pane.defaultView.matchMedia("(forced-colors: active)").matches`)
	o.picture("pane-forced-colors")
}
