package api_test

import (
	"encoding/base64"
	"slices"
	"testing"

	"github.com/mailconnector/mailconnector/messages"
)

func TestSuggestionsKnowTheThreadIndex(t *testing.T) {
	s := newServer(t)
	index := base64.StdEncoding.EncodeToString(make([]byte, 27))
	s.want(call{method: post, path: "/suggestions", body: `{"references":["<0@x>"],"thread_index":"` + index + `"}`}, 200, "")
	if want := []string{"<0@x>", messages.ThreadReference(index)}; !slices.Equal(s.search.mail.References, want) {
		t.Errorf("references handed over: %v, want %v", s.search.mail.References, want)
	}
	s.want(call{method: post, path: "/suggestions", body: `{"references":["<0@x>"],"thread_index":"nonsense"}`}, 200, "")
	if len(s.search.mail.References) != 1 {
		t.Errorf("references handed over for no Thread-Index: %v", s.search.mail.References)
	}
}
