package admin

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"reflect"
	"strings"
	"time"
)

//go:embed templates/*.html
var templateFiles embed.FS

const layoutFile = "templates/layout.html"

// pages are the templates by language and name. Each language has its own, so that a template names a text and nothing
// about languages.
type pages map[*language]map[string]*template.Template

func readPages(l languages, a assets, prefix string, now func() time.Time) (pages, error) {
	files, err := templateFiles.ReadDir("templates")
	if err != nil {
		return nil, fmt.Errorf("admin: read pages: %w", err)
	}
	all := pages{}
	for _, say := range l.byName {
		layout, err := template.New("layout.html").Funcs(functions(say, a, prefix, now)).ParseFS(templateFiles, layoutFile)
		if err != nil {
			return nil, fmt.Errorf("admin: read layout: %w", err)
		}
		all[say] = map[string]*template.Template{}
		for _, file := range files {
			if path.Join("templates", file.Name()) == layoutFile {
				continue
			}
			one, err := layout.Clone()
			if err == nil {
				one, err = one.ParseFS(templateFiles, path.Join("templates", file.Name()))
			}
			if err != nil {
				return nil, fmt.Errorf("admin: read page: %w", err)
			}
			all[say][strings.TrimSuffix(file.Name(), ".html")] = one
		}
	}
	return all, nil
}

// functions are what templates may call.
func functions(say *language, a assets, prefix string, now func() time.Time) template.FuncMap {
	return template.FuncMap{
		"t":      say.text,
		"has":    say.has,
		"count":  func(key string, n any) string { return say.count(key, whole(n)) },
		"num":    func(n any) string { return say.number(whole(n)) },
		"steps":  say.steps,
		"size":   say.size,
		"date":   say.date,
		"moment": say.moment,
		"short":  say.dayMonth,
		"ago":    func(t time.Time) string { return say.ago(now().Sub(t)) },
		"iso":    func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"asset":  a.url,
		"url":    func(path string) string { return prefix + path },
		"dict":   dict,
		"share":  share,
		"pieces": pieces,
	}
}

// dict lets a template hand several values to another one.
func dict(namesAndValues ...any) map[string]any {
	m := make(map[string]any, len(namesAndValues)/2)
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		m[fmt.Sprint(namesAndValues[i])] = namesAndValues[i+1]
	}
	return m
}

// pieces are what an address may be broken into on a narrow page: a browser that takes it for one long word breaks it
// anywhere.
func pieces(address string) []string { return strings.SplitAfter(address, "/") }

// whole is any integer a template has at hand.
func whole(n any) int64 {
	if v := reflect.ValueOf(n); v.CanInt() {
		return v.Int()
	}
	return 0
}

// share is how many percent of the total a part is, at most 100.
func share(part, total int) int {
	if total <= 0 {
		return 0
	}
	return min(100, part*100/total)
}

// frame is what every page shows around its own content.
type frame struct {
	Page         string // its name
	Title        string
	Lang         string
	Area         area
	Installation string
	Version      string
	Who          *visitor
	Sharing      bool // there is a choice who reads linked mails
	FormToken    string
	Done         string // what was just done, in one sentence
	D            any    // the page's own
}

// render writes a page, or nothing of it: one that fails half way would look whole.
func (v *visit) render(status int, name, titleKey string, data any) {
	f := frame{
		Page: name, Title: v.say.text(titleKey), Lang: v.say.tag.String(), Area: v.area, Installation: v.h.c.Installation,
		Version: v.h.c.Version, Who: v.who, Sharing: v.h.c.Sharing != nil, FormToken: v.formToken(), D: data,
	}
	if key := "done." + v.r.URL.Query().Get("done"); v.r.Method == http.MethodGet && v.say.has(key) {
		f.Done = v.say.text(key)
	}
	var page bytes.Buffer
	if err := v.h.pages[v.say][name].ExecuteTemplate(&page, "layout.html", f); err != nil {
		v.h.c.Logger.ErrorContext(v.ctx(), "render admin page", "page", name, "err", err)
		http.Error(v.w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.WriteHeader(status)
	_, _ = page.WriteTo(v.w)
}

// show renders a page that was asked for.
func (v *visit) show(name string, data any) error {
	v.render(http.StatusOK, name, name+".title", data)
	return nil
}

// refuse renders a page again with what was typed and what is wrong with it.
func (v *visit) refuse(name string, data any) error {
	v.render(http.StatusUnprocessableEntity, name, name+".title", data)
	return nil
}
