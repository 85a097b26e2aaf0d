package api_test

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/api"
)

// contract is openapi.yaml, made stricter for the tests: what it does not name may not be answered.
type contract struct {
	doc    *openapi3.T
	router routers.Router
}

var loadContract = sync.OnceValues(func() (contract, error) {
	doc, err := openapi3.NewLoader().LoadFromData(api.Contract())
	if err != nil {
		return contract{}, err
	}
	closeSchemas(doc)
	doc.Servers = nil
	router, err := gorillamux.NewRouter(doc)
	return contract{doc, router}, err
})

func closeSchemas(doc *openapi3.T) {
	seen := map[*openapi3.Schema]bool{}
	for _, ref := range doc.Components.Schemas {
		closeSchema(ref, seen)
	}
	for _, path := range doc.Paths.Map() {
		for _, operation := range path.Operations() {
			for _, response := range operation.Responses.Map() {
				for _, media := range response.Value.Content {
					closeSchema(media.Schema, seen)
				}
			}
		}
	}
}

func closeSchema(ref *openapi3.SchemaRef, seen map[*openapi3.Schema]bool) {
	if ref == nil || ref.Value == nil || seen[ref.Value] {
		return
	}
	schema := ref.Value
	seen[schema] = true
	if schema.Type.Is("object") && schema.AdditionalProperties.Schema == nil {
		closed := false
		schema.AdditionalProperties.Has = &closed
	}
	for _, member := range schema.Properties {
		closeSchema(member, seen)
	}
	closeSchema(schema.Items, seen)
}

func holdAgainstContract(t testing.TB, r *http.Request, a answer) {
	t.Helper()
	c, err := loadContract()
	if err != nil {
		t.Fatal(err)
	}
	if r.Method == http.MethodOptions || !strings.HasPrefix(r.URL.Path, base+"/") {
		return
	}
	asked := r.Clone(r.Context())
	path := strings.ReplaceAll(r.URL.EscapedPath(), "%2F", "_") // the validator's router knows decoded paths only
	asked.URL.Path, asked.URL.RawPath = strings.TrimPrefix(path, base), ""
	route, params, err := c.router.FindRoute(asked)
	if err != nil && asked.Method == http.MethodHead {
		asked.Method = http.MethodGet
		route, params, err = c.router.FindRoute(asked)
	}
	if err != nil { // a path or a method that the contract does not have
		if a.slug() != "not-found" && a.slug() != "method-not-allowed" {
			t.Errorf("%s %s is not in the contract and answers %d %s", r.Method, r.URL.Path, a.StatusCode, a.text)
		}
		return
	}
	media := a.Header.Get("Content-Type")
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: asked, PathParams: params, Route: route},
		Status:                 a.StatusCode,
		Header:                 a.Header,
		Body:                   io.NopCloser(strings.NewReader(a.text)),
		Options: &openapi3filter.Options{
			IncludeResponseStatus: true,
			ExcludeResponseBody:   r.Method == http.MethodHead || !strings.Contains(media, "json"),
		},
	}
	if err := openapi3filter.ValidateResponse(r.Context(), input); err != nil {
		t.Errorf("%s %s breaks the contract: %v", r.Method, r.URL.Path, err)
	}
}

func TestTheContractIsValid(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(api.Contract())
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestTheFeaturesAreThoseOfTheContract holds what clients are told against what the operations say they are for.
func TestTheFeaturesAreThoseOfTheContract(t *testing.T) {
	c, err := loadContract()
	if err != nil {
		t.Fatal(err)
	}
	var offered struct{ Features []string }
	a := newServer(t).do(call{get, "/compatibility", nil, "", true})
	if err := json.Unmarshal([]byte(a.text), &offered); err != nil {
		t.Fatal(err)
	}
	var described []string
	for _, item := range c.doc.Paths.Map() {
		for _, operation := range item.Operations() {
			of, _ := operation.Extensions["x-features"].([]any)
			for _, feature := range of {
				described = append(described, feature.(string))
			}
		}
	}
	slices.Sort(described)
	if diff := cmp.Diff(offered.Features, slices.Compact(described)); diff != "" {
		t.Errorf("features (-offered +described):\n%s", diff)
	}
	var known []string
	for _, feature := range c.doc.Components.Schemas["Compatibility"].Value.Properties["features"].Value.Items.Value.Enum {
		known = append(known, feature.(string))
	}
	if diff := cmp.Diff(offered.Features, known); diff != "" {
		t.Errorf("features (-offered +known):\n%s", diff)
	}
}

// TestEveryOperationOfTheContractIsServed asks for each without a token: what exists wants one, or answers.
func TestEveryOperationOfTheContractIsServed(t *testing.T) {
	c, err := loadContract()
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t)
	for path, item := range c.doc.Paths.Map() {
		for method := range item.Operations() {
			a := s.do(call{method: method, path: strings.NewReplacer("{", "", "}", "").Replace(path), public: true})
			if a.slug() == "method-not-allowed" || a.slug() == "not-found" && path != "/content/{token}" {
				t.Errorf("%s %s answers %s", method, path, a.text)
			}
		}
	}
}
