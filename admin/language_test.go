package admin_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/api/sessions"
)

func texts(t *testing.T, file string) map[string]string {
	t.Helper()
	var found map[string]string
	if err := json.Unmarshal(must(os.ReadFile(file))(t), &found); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return found
}

var placeholder = regexp.MustCompile(`\{\w+\}`)

func TestEveryLanguageSaysTheSame(t *testing.T) {
	english := texts(t, "locales/en.json")
	files := must(filepath.Glob("locales/*.json"))(t)
	if len(english) == 0 || len(files) < 2 {
		t.Fatalf("%d texts in %d languages", len(english), len(files))
	}
	for _, file := range files {
		other := texts(t, file)
		for key, text := range other {
			base, form := key, ""
			if i := strings.LastIndexByte(key, '.'); i >= 0 {
				base, form = key[:i], key[i+1:]
			}
			source, ok := english[key]
			if !ok && slices.Contains([]string{"zero", "two", "few", "many"}, form) { // forms that English does not have
				source, ok = english[base+".other"]
			}
			want, got := placeholder.FindAllString(source, -1), placeholder.FindAllString(text, -1)
			slices.Sort(want)
			slices.Sort(got)
			if diff := cmp.Diff(slices.Compact(want), slices.Compact(got)); !ok || diff != "" {
				t.Errorf("%s: %s: known %v, -want +got\n%s", file, key, ok, diff)
			}
		}
		for key := range english {
			if _, ok := other[key]; !ok {
				t.Errorf("%s lacks %s", file, key)
			}
		}
	}
}

func TestEveryTextThatIsAskedForExists(t *testing.T) {
	english := texts(t, "locales/en.json")
	asked := regexp.MustCompile(`\b(?:t|text) "([a-z0-9.-]+)"|\bcount "([a-z0-9.-]+)"|\.text\("([a-z0-9.-]+)"|\.count\("([a-z0-9.-]+)"`)
	files := slices.Concat(must(filepath.Glob("templates/*.html"))(t), must(filepath.Glob("*.go"))(t))
	found := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, m := range asked.FindAllStringSubmatch(string(must(os.ReadFile(file))(t)), -1) {
			found++
			key := strings.Join(m[1:], "")
			_, plain := english[key]
			_, counted := english[key+".other"]
			if !plain && !counted && !strings.HasSuffix(key, ".") {
				t.Errorf("%s asks for %q", file, key)
			}
		}
	}
	if found == 0 {
		t.Error("no text is asked for")
	}
}

func TestTheLanguage(t *testing.T) {
	w := newWorld(t)
	for name, row := range map[string]struct{ account, accept, want string }{
		"is the account's":                                   {"it", "en", "it"},
		"is the account's, with its region":                  {"it_IT", "en", "it"},
		"is the browser's where the account's is not spoken": {"fi", "it-CH,it;q=0.9,en;q=0.8", "it"},
		"is the browser's where the account has none":        {"", "it", "it"},
		"is English where nothing fits":                      {"fi", "fi,sv", "en"},
		"is English where nothing can be read":               {"??", ";;;", "en"},
	} {
		t.Run(name, func(t *testing.T) {
			w.setClock(w.clock().Add(time.Second)) // of more sessions than are allowed, the newest stays
			w.crm.change("1", func(a *sessions.Account) { a.Language = row.account })
			b := w.browser()
			b.lang = row.accept
			b.post("/admin/signin", credentials("admin", password)).want(t, http.StatusSeeOther)
			if got := b.get("/admin/"); !strings.Contains(got.Body, `<html lang="`+row.want+`">`) {
				t.Errorf("page begins %.60q", got.Body)
			}
		})
	}
}

func TestNumbersAndDatesAreWrittenAsTheLanguageDoes(t *testing.T) {
	w := newWorld(t)
	w.activate(w.license(12345))
	w.signedIn("admin", "admin").get("/admin/license").want(t, http.StatusOK, "12,345", "2 November 2027", "365 days left.")
	w.signedIn("admin", "capo").get("/admin/license").want(t, http.StatusOK, "12.345", "2 novembre 2027", "365 giorni rimasti.")
}
