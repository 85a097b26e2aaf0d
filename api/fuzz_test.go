package api_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// FuzzJSON sends bodies that are meant to be JSON. Whatever they are, the answer is one of the contract's, and what is
// accepted is what encoding/json accepts, only more strictly.
func FuzzJSON(f *testing.F) {
	for _, body := range []string{
		``, `null`, `{}`, `{"subject":"x"}`, `{"subject":1}`, `{"participants":[{"role":"to","address":"a@x"}]}`, `[`, `{"a":{`, `{} {}`,
		`{"references":["<1@x>",null]}`, "{\"subject\":\"\xff\"}", `{"participants":[[]]}`, `{"subject":"x","subject":"y"}`, `{"~/":1}`,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		a := newServer(t).do(call{post, "/suggestions", []string{"Content-Type: application/json"}, body, false})
		switch a.StatusCode {
		case http.StatusOK:
			if decoder := json.NewDecoder(strings.NewReader(body)); decoder.Decode(new(struct{})) != nil {
				t.Errorf("accepted what is no JSON object: %q", body)
			}
		case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		default:
			t.Errorf("%q answers %d %s", body, a.StatusCode, a.text)
		}
	})
}

// FuzzForm sends bodies that are meant to be forms with the boundary "b". Nothing in them is the server's fault.
func FuzzForm(f *testing.F) {
	for _, parts := range [][]part{
		{message(`{}`)},
		{message(`{` + toNora + `,"draft":{"subject":"x","attachments":[{"id":"a1"}]}}`), {"a1", "", "bytes"}},
		{message(`{` + toNora + `}`), {"eml", "message/rfc822", rawMail}},
		{{"eml", "", rawMail}},
	} {
		body, media := encodeForm(parts...)
		f.Add(strings.ReplaceAll(body, strings.TrimPrefix(media, "multipart/form-data; boundary="), "b"))
	}
	f.Add("--b\r\n\r\n--b--")
	f.Add("--b\nContent-Disposition: form-data; name=message\nContent-Type: application/json\n\n{")
	archive := newArchive(f)
	f.Fuzz(func(t *testing.T, body string) {
		s := *archive
		s.t = t
		a := s.do(call{post, "/messages", []string{"Content-Type: multipart/form-data; boundary=b"}, body, false})
		if a.StatusCode >= 500 {
			t.Errorf("%q answers %d %s", body, a.StatusCode, a.text)
		}
	})
}

// FuzzPath asks for paths. The router answers each with a problem or an answer of the contract.
func FuzzPath(f *testing.F) {
	for _, path := range []string{"/records/Contacts/42", "/records/%2F/%2e%2e", "//", "/messages/m1/parts/3", "/content/x", "/%", "/records/a%00b/1"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://crm"+base+"/"+path, nil)
		if err != nil || r.URL.Host != "crm" {
			return // not a URL
		}
		r.RequestURI = r.URL.RequestURI()
		r.Header.Set("Authorization", "Bearer "+goodToken)
		rec := httptest.NewRecorder()
		newServer(t).ServeHTTP(rec, r)
		if a := (answer{rec.Result(), rec.Body.String()}); a.StatusCode >= 500 || a.StatusCode >= 400 && a.slug() == "" {
			t.Errorf("%q answers %d %s", path, a.StatusCode, a.text)
		}
	})
}
