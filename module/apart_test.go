package module_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/api/problem"
	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/licensing"
	"github.com/mailconnector/mailconnector/module"
	"github.com/mailconnector/mailconnector/module/moduletest"
)

// TestTwoModulesShareNothing runs two modules in one process and on one router, each with a database of its own.
func TestTwoModulesShareNothing(t *testing.T) {
	one := moduletest.Mount(t, newHost(t, dbtest.SQLite(t)).UnderTest(), prefix("/one"))
	two := moduletest.Mount(t, newHost(t, dbtest.MariaDB(t)).UnderTest(), prefix("/two"))
	router := http.NewServeMux()
	router.Handle(one.Pattern(), one)
	router.Handle(two.Pattern(), two)
	atOne, atTwo := moduletest.NewClient(router, "/one"), moduletest.NewClient(router, "/two")
	for _, c := range []*moduletest.Client{atOne, atTwo} {
		if _, err := c.SignIn(t.Context(), "sales.rep", moduletest.Password); err != nil {
			t.Fatal(err)
		}
	}

	stranger := atTwo.Fork()
	stranger.UseToken(atOne.Token())
	if _, err := stranger.Session(t.Context()); moduletest.ProblemType(err) != problem.Unauthenticated {
		t.Errorf("a session of one module, used at the other: %v, want unauthenticated", err)
	}

	receipt := link(t, one, raw("Message-ID: <1@mail.example>", "Content-Type: text/html", "", "<p>Hello.</p>"))
	if _, err := atTwo.Message(t.Context(), receipt.Message.ID); moduletest.ProblemType(err) != problem.NotFound {
		t.Errorf("a message of one module, read at the other: %v, want not-found", err)
	}
	tab, err := one.MessagesTab(t.Context(), rep, nora, "en")
	if err != nil {
		t.Fatal(err)
	}
	address := hrefs(string(tab), "/one/api/v1/content/")[0]
	if status, _, _ := get(t, router, address); status != http.StatusOK {
		t.Errorf("the signed address of a body answers %d", status)
	}
	if status, _, _ := get(t, router, strings.Replace(address, "/one/", "/two/", 1)); status == http.StatusOK {
		t.Error("an address signed by one module opens at the other")
	}

	if err := one.Licensing().Deactivate(t.Context(), "admin"); err != nil {
		t.Fatal(err)
	}
	if err := one.Licensing().Allow(t.Context(), rep.UserID); !errors.Is(err, licensing.ErrRequired) {
		t.Errorf("Allow at the module without a license = %v", err)
	}
	if err := two.Licensing().Allow(t.Context(), rep.UserID); err != nil {
		t.Errorf("Allow at the other = %v", err)
	}
}

// TestTwoInstancesAreOneInstallation mounts the module twice on one database, as two processes would.
func TestTwoInstancesAreOneInstallation(t *testing.T) {
	db := dbtest.MariaDB(t)
	c := config(t, db)
	first := newExtension(t, c)
	if err := first.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	second := newExtension(t, c)
	for _, ext := range []*module.Extension{first, second} {
		if err := ext.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := ext.Stop(t.Context()); err != nil {
				t.Error(err)
			}
		}()
	}
	// There is no license: what a session is refused for is not its token.
	status, _, page := get(t, first, "/mailconnector/admin/signin")
	if again, _, other := get(t, second, "/mailconnector/admin/signin"); status != http.StatusOK || again != status || len(other) != len(page) {
		t.Errorf("the sign-in pages answer %d and %d", status, again)
	}
}
