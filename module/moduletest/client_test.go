package moduletest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/api/problem"
	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/module"
	"github.com/mailconnector/mailconnector/module/moduletest"
)

func TestClientOverANetwork(t *testing.T) {
	h := underTest(t, dbtest.SQLite(t))
	server := httptest.NewServer(moduletest.Mount(t, h))
	defer server.Close()
	c := moduletest.Dial(server.URL+module.DefaultPrefix, server.Client())
	ctx, to := t.Context(), moduletest.TargetOf(h.Records[0].Record)

	if _, err := c.SignIn(ctx, "sales.rep", moduletest.Password); err != nil {
		t.Fatal(err)
	}
	if s, err := c.Session(ctx); err != nil || s.User.UserName != "sales.rep" || s.License.State != "active" {
		t.Errorf("Session = %+v, %v", s, err)
	}
	if types, err := c.EntityTypes(ctx); err != nil || len(types) != 3 {
		t.Errorf("EntityTypes = %+v, %v, want three", types, err)
	}
	mail := "Message-ID: <1@mail.example>\r\nFrom: nora@acme.example\r\nSubject: Hello\r\n\r\nHello.\r\n"
	receipt, err := c.Link(ctx, strings.NewReader(mail), moduletest.LinkOptions{Direction: "inbound"}, to)
	if err != nil {
		t.Fatal(err)
	}
	if body, err := c.Body(ctx, receipt.Message.ID); err != nil || !strings.Contains(string(body), "Hello.") {
		t.Errorf("Body = %q, %v", body, err)
	}
	more, err := c.LinkMore(ctx, receipt.Message.ID, "", moduletest.TargetOf(h.Records[1].Record))
	if err != nil || len(more.Links) != 1 || !more.Links[0].Created {
		t.Errorf("LinkMore = %+v, %v", more, err)
	}
	reply := moduletest.OpenMail{MessageID: "<2@mail.example>", InReplyTo: "<1@mail.example>", Subject: "Re: Hello",
		Participants: []moduletest.Participant{{Role: "from", Address: "somebody@else.example"}}}
	groups, err := c.Suggest(ctx, reply)
	if err != nil || len(groups) == 0 || groups[0].Kind != "conversation" {
		t.Errorf("Suggest for the reply = %+v, %v, want the conversation first", groups, err)
	}
	if err := c.SignOut(ctx); err != nil {
		t.Error(err)
	}
	if _, err := c.Session(ctx); moduletest.ProblemType(err) != problem.SessionRevoked {
		t.Errorf("Session after signing out = %v, want session-revoked", err)
	}
}

func TestClientTellsProblemsFromOtherAnswers(t *testing.T) {
	answer := func(contentType, body string) error {
		c := moduletest.NewClient(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(http.StatusNotFound)
			_, _ = fmt.Fprint(w, body)
		}), "/x")
		_, err := c.Session(t.Context())
		return err
	}
	err := answer("application/problem+json", `{"type":"https://mailconnector.example/problems/not-found","title":"Not found","status":404,"detail":"Gone."}`)
	var p *moduletest.Problem
	if !errors.As(err, &p) || p.Type != problem.NotFound || err.Error() != "404 not-found: Gone." {
		t.Errorf("a problem document is read as %v", err)
	}
	for what, err := range map[string]error{
		"a page of a proxy":     answer("text/html", "<h1>Not Found</h1>"),
		"JSON of another kind":  answer("application/json", `{"status":404}`),
		"a problem of a status": answer("application/problem+json", `{"status":500}`),
		"broken JSON":           answer("application/problem+json", `{`),
	} {
		if err == nil || errors.As(err, &p) {
			t.Errorf("%s is read as %v, want an error that is no problem", what, err)
		}
	}
	if got := moduletest.ProblemType(nil); got != "" {
		t.Errorf("ProblemType(nil) = %q", got)
	}
}

// A host's own test is one call. Here the host is the one in memory.
func ExampleRunHostTests() {
	_ = func(t *testing.T) { // TestHost
		moduletest.RunHostTests(t, func(t *testing.T) moduletest.HostUnderTest {
			host, err := moduletest.NewMemoryHost(t.Context(), dbtest.SQLite(t))
			if err != nil {
				t.Fatal(err)
			}
			return host.UnderTest()
		})
	}
}

func ExampleClient() {
	ctx := context.Background()
	c := moduletest.Dial("https://crm.example.com/mailconnector", nil)
	if _, err := c.SignIn(ctx, "sales.rep", "secret"); err != nil {
		return
	}
	found, err := c.Search(ctx, moduletest.Query{Text: "nora"})
	if err != nil || len(found.Items) == 0 {
		return
	}
	mail := strings.NewReader("Message-ID: <1@example.com>\r\nSubject: Hello\r\n\r\nHello.\r\n")
	receipt, err := c.Link(ctx, mail, moduletest.LinkOptions{}, found.Items[0].Target)
	if moduletest.ProblemType(err) == problem.PermissionDenied {
		fmt.Println("the CRM does not allow it")
	}
	fmt.Println(receipt.Links)
}
