package addin_test

import (
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/mux"

	"github.com/mailconnector/mailconnector/addin"
)

const base = "https://crm.example.com/mailconnector"

func manifest(t *testing.T, base string) string {
	t.Helper()
	text, err := addin.Manifest(base)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// element is one of a manifest, with those in it.
type element struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Children []element  `xml:",any"`
	Text     string     `xml:",chardata"`
}

func (e element) attr(name string) string {
	at := slices.IndexFunc(e.Attrs, func(a xml.Attr) bool { return a.Name.Local == name })
	if at < 0 {
		return ""
	}
	return e.Attrs[at].Value
}

// walk calls fn for an element and for all in it.
func (e element) walk(fn func(element)) {
	fn(e)
	for _, child := range e.Children {
		child.walk(fn)
	}
}

func parsed(t *testing.T, text string) (root element) {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(text))
	if err := decoder.Decode(&root); err != nil {
		t.Fatal(err)
	}
	if _, err := decoder.Token(); err != nil && !errors.Is(err, io.EOF) {
		t.Errorf("something follows the manifest: %v", err)
	}
	return root
}

// TestElementsAreInTheOrderOfTheSchema holds the manifest against the sequences of the schemas appforoffice 1.1 and
// mailappversionoverrides 1.1, as [MS-OWEMXML] publishes them: Outlook refuses a manifest in another order.
func TestElementsAreInTheOrderOfTheSchema(t *testing.T) {
	sequences := map[string]string{
		"OfficeApp": "Id AlternateId Version ProviderName DefaultLocale DisplayName Description IconUrl HighResolutionIconUrl SupportUrl " +
			"AppDomains Hosts Requirements FormSettings Permissions Rule DisableEntityHighlighting VersionOverrides",
		"VersionOverrides":  "Description Requirements Hosts Resources VersionOverrides",
		"DesktopSettings":   "SourceLocation RequestedHeight",
		"DesktopFormFactor": "SupportsSharedFolders FunctionFile ExtensionPoint",
		"MailHost":          "Runtimes DesktopFormFactor MobileFormFactor",
		"Group":             "Label Control",
		"Control":           "Label Supertip Icon Action",
		"Supertip":          "Title Description",
		"Action":            "SourceLocation SupportsPinning",
		"Resources":         "Images Urls ShortStrings LongStrings",
	}
	parsed(t, manifest(t, base)).walk(func(e element) {
		name := e.XMLName.Local
		if name == "Host" {
			name = e.attr("type")
		}
		sequence, known := sequences[name]
		if !known {
			return
		}
		last := -1
		for _, child := range e.Children {
			at := slices.Index(strings.Fields(sequence), child.XMLName.Local)
			if at < 0 || at < last {
				t.Errorf("%s: %s is not where the schema has it", name, child.XMLName.Local)
			}
			last = at
		}
	})
}

// TestWhatTheManifestNamesIsThere looks for every resource, address and icon.
func TestWhatTheManifestNamesIsThere(t *testing.T) {
	router := mux.NewRouter()
	addin.Mount(router, "/mailconnector", nil)
	defined, used := map[string]string{}, map[string]bool{}
	sized := regexp.MustCompile(`^icon(\d+)$`)
	root := parsed(t, manifest(t, base))
	root.walk(func(e element) {
		if id := e.attr("resid"); id != "" {
			used[id] = true
			if size, err := strconv.Atoi(e.attr("size")); err == nil {
				scale, _ := strconv.Atoi(e.attr("scale"))
				if want := "icon" + strconv.Itoa(size*max(scale, 1)); id != want {
					t.Errorf("an icon of %d at scale %d is %s, want %s", size, scale, id, want)
				}
			}
		}
		value := e.attr("DefaultValue")
		if id := e.attr("id"); id != "" && value != "" {
			defined[id] = value
		}
		if strings.HasPrefix(value, "http") && !strings.HasSuffix(value, "/me") {
			checkServed(t, router, value)
		}
	})
	for id := range used {
		if defined[id] == "" || len(id) > 32 {
			t.Errorf("the resource %s is not defined, or its name is too long", id)
		}
		if found := sized.FindStringSubmatch(id); found != nil && !strings.HasSuffix(defined[id], "/icon-"+found[1]+".png") {
			t.Errorf("%s is %s", id, defined[id])
		}
	}
}

// checkServed asks for an address below the base; an icon has to be as large as its name says.
func checkServed(t *testing.T, router http.Handler, address string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host != "crm.example.com" {
		t.Errorf("the address %s, %v", address, err)
		return
	}
	w := httptest.NewRecorder()
	router.ServeHTTP(w, httptest.NewRequest(http.MethodGet, u.Path, nil))
	if w.Code != http.StatusOK {
		t.Errorf("GET %s answers %d", u.Path, w.Code)
		return
	}
	name, isIcon := strings.CutPrefix(u.Path, "/mailconnector/addin/icon-")
	if !isIcon {
		return
	}
	side, _ := strconv.Atoi(strings.TrimSuffix(name, ".png"))
	image, err := png.DecodeConfig(w.Body)
	if err != nil || image.Width != side || image.Height != side || w.Header().Get("Content-Type") != "image/png" {
		t.Errorf("%s is %dx%d, %v", u.Path, image.Width, image.Height, err)
	}
}

// TestTextsFit holds texts against the limits of Outlook: 125 characters of a short one, 250 of a long one, and about 16 of
// a button on a telephone.
func TestTextsFit(t *testing.T) {
	text := manifest(t, base)
	if len(text) > 256<<10 {
		t.Errorf("the manifest has %d bytes", len(text))
	}
	parsed(t, text).walk(func(e element) {
		for name, limit := range map[string]int{"DisplayName": 125, "Description": 250, "ShortStrings": 16, "LongStrings": 250} {
			if e.XMLName.Local == name {
				e.walk(func(in element) {
					for _, value := range []string{in.attr("DefaultValue"), in.attr("Value")} {
						if n := len([]rune(value)); n > limit {
							t.Errorf("%s: %q has %d characters, more than %d", name, value, n, limit)
						}
					}
				})
			}
		}
	})
}

func TestAManifestIsKnownByItsAddress(t *testing.T) {
	id := regexp.MustCompile(`<Id>([0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})</Id>`)
	ids := map[string]string{}
	for _, address := range []string{base, base + "/", "https://CRM.example.com/mailconnector", "https://other.example.com/mailconnector", "https://crm.example.com:8443/x"} {
		found := id.FindStringSubmatch(manifest(t, address))
		if found == nil {
			t.Fatalf("%s: no id", address)
		}
		ids[address] = found[1]
	}
	distinct := map[string]bool{}
	for _, one := range ids {
		distinct[one] = true
	}
	if len(distinct) != 3 || ids[base] != ids[base+"/"] || ids[base] != ids["https://CRM.example.com/mailconnector"] {
		t.Errorf("ids are %v", ids)
	}
	if !strings.Contains(manifest(t, base), "<Version>"+addin.Version+".0</Version>") {
		t.Error("the manifest has another version than the pane")
	}
}

func TestAddressesAreWrittenAsText(t *testing.T) {
	root := parsed(t, manifest(t, `https://crm.example.com/a&b'"<c>`))
	root.walk(func(e element) {
		if e.XMLName.Local == "SupportUrl" {
			if diff := cmp.Diff("https://crm.example.com/a&b%27%22%3Cc%3E/me", strings.ReplaceAll(e.attr("DefaultValue"), "'", "%27")); diff != "" {
				t.Errorf("the address (-want +got):\n%s", diff)
			}
		}
	})
}

func TestAManifestNeedsAnAddressThatOutlookTakes(t *testing.T) {
	for name, row := range map[string]struct{ base, want string }{
		"none":             {"", "is no address"},
		"a path":           {"/mailconnector", "is no address"},
		"not an address":   {"https://a b/", "is no address"},
		"one by http":      {"http://crm.example.com/mailconnector", "by https only"},
		"this machine":     {"http://localhost:8080/mailconnector", "by https only"},
		"one with a query": {base + "?a=b", "is no address"},
		"a user's":         {"https://u:p@crm.example.com/x", "is no address"},
	} {
		if _, err := addin.Manifest(row.base); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want %q", name, err, row.want)
		}
	}
}
