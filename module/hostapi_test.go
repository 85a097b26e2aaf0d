package module_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/licensing"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
)

func TestAHostLinksAndReadsInGo(t *testing.T) {
	ext, _ := mount(t)
	receipt := link(t, ext, raw(letter...))
	list, next, err := ext.RecordMessages(t.Context(), rep, nora, messages.Page{Limit: 10})
	if err != nil || next != "" || len(list) != 1 || list[0].ID != receipt.Message.ID || list[0].LinkedBy.Name != "Rolf Rep" {
		t.Fatalf("RecordMessages = %+v, %q, %v", list, next, err)
	}
	message, err := ext.Message(t.Context(), rep, receipt.Message.ID)
	if err != nil || message.Subject != "The offer" || len(message.Links) != 1 || message.Links[0].Label != "Nora Berg" {
		t.Errorf("Message = %+v, %v", message, err)
	}
	body, err := ext.MessageBody(t.Context(), rep, receipt.Message.ID, messages.BodyOptions{})
	if err != nil || !strings.Contains(body.HTML, "Good morning.") || body.Blocked != 1 || body.CSP == "" {
		t.Errorf("MessageBody = %+v, %v", body, err)
	}
	content, info, err := ext.MessagePart(t.Context(), rep, receipt.Message.ID, receipt.Parts[1].Part)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = content.Close() }()
	if b, err := io.ReadAll(content); err != nil || string(b) != "Notes." || info.Name != "notes.txt" {
		t.Errorf("MessagePart = %q, %+v, %v", b, info, err)
	}
	found, err := ext.Search(t.Context(), rep, search.Query{Text: "nora@acme.example"})
	if err != nil || len(found.Items) != 1 || found.Items[0].Record != nora {
		t.Errorf("Search = %+v, %v", found, err)
	}
}

func TestGoCallsHideWhatTheCRMHides(t *testing.T) {
	ext, _ := mount(t)
	id := link(t, ext, raw(letter...)).Message.ID
	_, _, listing := ext.RecordMessages(t.Context(), agent, nora, messages.Page{Limit: 10})
	_, reading := ext.Message(t.Context(), agent, id)
	_, showing := ext.MessageBody(t.Context(), agent, id, messages.BodyOptions{})
	_, _, opening := ext.MessagePart(t.Context(), agent, id, 2)
	for call, err := range map[string]error{
		"RecordMessages": listing, "Message": reading, "MessageBody": showing, "MessagePart": opening,
	} {
		if !errors.Is(err, permissions.ErrNotFound) {
			t.Errorf("%s for a user who does not see the record = %v, want ErrNotFound", call, err)
		}
	}
	if found, err := ext.Search(t.Context(), agent, search.Query{Text: "nora"}); err != nil || len(found.Items) != 0 {
		t.Errorf("Search = %+v, %v, want nothing", found, err)
	}
}

func TestLinkMailNeedsASeatAndPermission(t *testing.T) {
	ext, _ := mount(t)
	hello := func(s permissions.Subject, on permissions.Record) error {
		_, err := ext.LinkMail(t.Context(), s, messages.Request{Source: raw("Subject: Hello"), Links: []permissions.Record{on}})
		return err
	}
	if err := hello(agent, acme); !errors.Is(err, licensing.ErrSeatLimit) {
		t.Errorf("LinkMail without a seat = %v, want ErrSeatLimit", err)
	}
	if err := ext.Licensing().TakeSeat(t.Context(), agent.UserID); err != nil {
		t.Fatal(err)
	}
	if err := hello(agent, acme); !errors.Is(err, permissions.ErrDenied) {
		t.Errorf("LinkMail to a record that is to be read only = %v, want ErrDenied", err)
	}
	if err := hello(agent, nora); !errors.Is(err, permissions.ErrNotFound) {
		t.Errorf("LinkMail to a hidden record = %v, want ErrNotFound", err)
	}
	for _, on := range []permissions.Record{acme, nora} {
		if list, _, err := ext.RecordMessages(t.Context(), rep, on, messages.Page{Limit: 10}); err != nil || len(list) != 0 {
			t.Errorf("after the refusals %s has %d messages, %v", on, len(list), err)
		}
	}
}

// TestAHostBuildsTheIndexBeforeItStarts waits for what the background work would do in its own time.
func TestAHostBuildsTheIndexBeforeItStarts(t *testing.T) {
	ext := newExtension(t, config(t, dbtest.SQLite(t)))
	if err := errors.Join(ext.Migrate(t.Context()), ext.Check(t.Context())); err != nil {
		t.Fatal(err)
	}
	if status, err := ext.IndexStatus(t.Context()); err != nil || status.Built {
		t.Errorf("IndexStatus before the build = %+v, %v", status, err)
	}
	read := 0
	if err := ext.BuildIndex(t.Context(), func(records int) { read = records }); err != nil || read < 5 {
		t.Errorf("BuildIndex = %v after %d records", err, read)
	}
	if status, err := ext.IndexStatus(t.Context()); err != nil || !status.Built {
		t.Errorf("IndexStatus after the build = %+v, %v", status, err)
	}
	if found, err := ext.Search(t.Context(), rep, search.Query{Text: "nora"}); err != nil || len(found.Items) != 1 || len(found.Partial) != 0 {
		t.Errorf("Search = %+v, %v", found, err)
	}
}
