package outlook_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/mux"

	"github.com/mailconnector/mailconnector/demo/outlook"
)

// get asks the simulated Outlook.
func get(t *testing.T, path string) *httptest.ResponseRecorder {
	t.Helper()
	h, err := outlook.New("/prefix")
	if err != nil {
		t.Fatal(err)
	}
	router := mux.NewRouter()
	h.Mount(router)
	answer := httptest.NewRecorder()
	router.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
	return answer
}

type listed struct {
	ID, Subject, InternetMessageID, ConversationID, Text, HTML, Headers string
	From                                                                struct{ DisplayName, EmailAddress string }
	Attachments                                                         []struct {
		ID, Name, ContentType, ContentID, AttachmentType string
		IsInline                                         bool
		Size                                             int
	}
}

func list(t *testing.T) map[string]listed {
	t.Helper()
	var answer struct {
		Mails []listed
		Pane  string
	}
	if err := json.Unmarshal(get(t, "/outlook/mails").Body.Bytes(), &answer); err != nil {
		t.Fatal(err)
	}
	if answer.Pane != "/prefix/addin/taskpane.html" {
		t.Errorf("the pane is at %q", answer.Pane)
	}
	byID := map[string]listed{}
	for _, m := range answer.Mails {
		byID[m.ID] = m
	}
	return byID
}

func TestMailsAreReadAsOutlookShowsThem(t *testing.T) {
	t.Parallel()
	mails := list(t)
	if len(mails) != 8 {
		t.Fatalf("%d mails", len(mails))
	}
	offer := mails["1-offer"]
	if offer.Subject != "Angebot Abfüllanlage B8 – bitte um Rückmeldung 🍺" || offer.From.DisplayName != "Jürgen Müller" ||
		!strings.Contains(offer.Text, "Die Tür\nmisst 2,80 m") && !strings.Contains(offer.Text, "Die Tür\r\nmisst 2,80 m") {
		t.Errorf("offer: %+v", offer)
	}
	if got := mails["2-reply"]; got.ConversationID != offer.InternetMessageID || !strings.Contains(got.Text, "Ergänzung") {
		t.Errorf("the reply is in conversation %q, its text is %q", got.ConversationID, got.Text)
	}
	type part struct {
		Name, Kind string
		Inline     bool
	}
	want := map[string][]part{
		"1-offer":          {{"Lastenheft Abfüllanlage.pdf", "file", false}, {"Halle Grundriss.png", "file", false}},
		"2-reply":          nil,
		"3-inline":         {{"logo.png", "file", true}},
		"4-ticket":         {{"étiquette de travers.png", "file", false}, {"L1.log", "file", false}},
		"5-stranger":       {{"Tiegelfüller gesucht.eml", "item", false}},
		"6-shared-address": nil,
		"7-hostile":        {{"../../prize.pdf.exe", "file", false}},
		"8-sent":           {{"Offerta 2026-118.pdf", "file", false}},
	}
	got := map[string][]part{}
	for id, m := range mails {
		got[id] = nil
		for _, a := range m.Attachments {
			got[id] = append(got[id], part{a.Name, a.AttachmentType, a.IsInline})
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("attachments (-want +got):\n%s", diff)
	}
}

func TestWhatTheStandInHandsOutIsExact(t *testing.T) {
	t.Parallel()
	for id, m := range list(t) {
		want, err := os.ReadFile("mails/" + id + ".eml")
		if err != nil {
			t.Fatal(err)
		}
		if got := decoded(t, "/outlook/mails/"+id+"/file"); !bytes.Equal(got, want) {
			t.Errorf("%s: other bytes than the file's", id)
		}
		if !bytes.HasPrefix(want, []byte(strings.TrimRight(m.Headers, "\r\n"))) {
			t.Errorf("%s: other headers than the file's", id)
		}
		for _, a := range m.Attachments {
			content := decoded(t, "/outlook/attachments/"+a.ID)
			if len(content) != a.Size {
				t.Errorf("%s has %d bytes, %d are told", a.Name, len(content), a.Size)
			}
			checkFormat(t, a.Name, a.ContentType, content)
		}
	}
}

func decoded(t *testing.T, path string) []byte {
	t.Helper()
	content, err := base64.StdEncoding.DecodeString(get(t, path).Body.String())
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// checkFormat makes sure that samples open in real programs.
func checkFormat(t *testing.T, name, contentType string, content []byte) {
	t.Helper()
	switch contentType {
	case "image/png":
		if _, err := png.Decode(bytes.NewReader(content)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	case "application/pdf":
		_, end, _ := bytes.Cut(content, []byte("startxref\n"))
		var offset int
		if err := json.Unmarshal(bytes.Fields(end)[0], &offset); err != nil || !bytes.HasPrefix(content[offset:], []byte("xref\n")) {
			t.Errorf("%s has no cross-reference table where it says", name)
		}
	}
}

func TestNothingInAMailRuns(t *testing.T) {
	t.Parallel()
	answer := get(t, "/outlook/mails/7-hostile/body")
	if policy := answer.Header().Get("Content-Security-Policy"); !strings.HasPrefix(policy, "sandbox; default-src 'none';") {
		t.Errorf("policy %q", policy)
	}
	if page := get(t, "/outlook/mails/3-inline/body").Body.String(); strings.Contains(page, "cid:") || !strings.Contains(page, "data:image/png;base64,") {
		t.Error("the inline image is not shown")
	}
	if page := get(t, "/outlook/mails/6-shared-address/body").Body.String(); !strings.Contains(page, "können ihr") && !strings.Contains(page, "könnt ihr") {
		t.Errorf("page %q", page)
	}
}

func TestThePaneIsTheRealOneButForOfficeJS(t *testing.T) {
	t.Parallel()
	answer := get(t, "/prefix/addin/taskpane.html")
	page := answer.Body.String()
	if !strings.Contains(page, `src="/outlook/office.js"`) || strings.Contains(page, "appsforoffice") || !strings.Contains(page, "taskpane.js") {
		t.Errorf("page %s", page)
	}
	if !strings.Contains(answer.Header().Get("Content-Security-Policy"), "frame-ancestors 'self'") {
		t.Error("the pane may be framed by others, or not at all")
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]int{
		"/outlook/": 200, "/outlook/outlook.js": 200, "/outlook/outlook.css": 200, "/outlook/office.js": 200,
		"/outlook/mails/9-none/body": 404, "/outlook/mails/9-none/file": 404, "/outlook/attachments/none": 404, "/outlook/none": 404,
	} {
		if got := get(t, path).Code; got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
}
