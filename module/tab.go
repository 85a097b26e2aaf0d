package module

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"time"

	"github.com/gorilla/mux"

	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
)

//go:embed tab.html tab.css
var tabFiles embed.FS

// tabLength is how many messages the tab shows.
const tabLength = 50

// MessagesTab returns the messages of a record as a piece of a page, for a host to put into a tab of its own. Bodies
// open in sandboxed frames and attachments download, both by addresses that work for this subject and for five minutes.
// The host's page needs no script and no inline style for it; a Content-Security-Policy has to allow frames and styles
// from 'self'. It answers permissions.ErrNotFound for a record the subject may not view. lang is BCP 47.
func (e *Extension) MessagesTab(ctx context.Context, s permissions.Subject, r permissions.Record, lang string) (template.HTML, error) {
	list, _, err := e.messages.ForRecord(ctx, s, r, messages.Page{Limit: tabLength + 1})
	if err != nil {
		return "", err
	}
	view := tabView{Stylesheet: e.config.Prefix + "/tab.css", More: len(list) > tabLength, Words: wordsFor(lang)}
	list = list[:min(len(list), tabLength)]
	attachments, err := e.tabAttachments(ctx, s, list)
	if err != nil {
		return "", err
	}
	for _, summary := range list {
		item, err := e.tabItem(ctx, s, summary, attachments[summary.ID])
		if err != nil {
			return "", err
		}
		view.Items = append(view.Items, item)
	}
	var page bytes.Buffer
	if err := e.tab.Execute(&page, view); err != nil {
		return "", fmt.Errorf("show messages of a record: %w", err)
	}
	return template.HTML(page.String()), nil //nolint:gosec // made by html/template
}

type tabView struct {
	Stylesheet string
	Items      []tabItem
	More       bool
	Words      tabWords
}

type tabItem struct {
	messages.Summary
	Body, BodyWithImages string // signed addresses; empty for a message that only the CRM has
	Attachments          []tabAttachment
}

// tabAttachment is one file of a message. Without an address only its name is known.
type tabAttachment struct {
	Name    string
	Size    string // empty where it is not known
	URL     string
	Outside bool // the address is the sender's, of a file in the cloud
}

// When is the date for people.
func (i tabItem) When() string { return i.Date.UTC().Format("2006-01-02 15:04") + " UTC" }

// Machine is the date for the datetime attribute.
func (i tabItem) Machine() string { return i.Date.UTC().Format(time.RFC3339) }

// tabAttachments reads the attachments of all messages together.
func (e *Extension) tabAttachments(ctx context.Context, s permissions.Subject, list []messages.Summary) (map[string][]messages.Part, error) {
	var ids []string
	for _, summary := range list {
		if summary.ID != "" && summary.Attachments > 0 {
			ids = append(ids, summary.ID)
		}
	}
	return e.messages.Attachments(ctx, s, ids)
}

func (e *Extension) tabItem(ctx context.Context, s permissions.Subject, summary messages.Summary, attachments []messages.Part) (tabItem, error) {
	item := tabItem{Summary: summary}
	if summary.ID == "" {
		return item, nil
	}
	var err error
	if item.Body, err = e.signed(ctx, s, messages.Signed{Kind: messages.SignedBody, Message: summary.ID}); err != nil {
		return item, err
	}
	item.BodyWithImages, err = e.signed(ctx, s, messages.Signed{Kind: messages.SignedBody, Message: summary.ID, Images: true})
	if err != nil {
		return item, err
	}
	for _, p := range attachments {
		attachment, err := e.tabAttachment(ctx, s, summary.ID, p)
		if err != nil {
			return item, err
		}
		item.Attachments = append(item.Attachments, attachment)
	}
	return item, nil
}

// tabAttachment tells files that are here from those that stayed in the cloud and those no client handed out.
func (e *Extension) tabAttachment(ctx context.Context, s permissions.Subject, message string, p messages.Part) (a tabAttachment, err error) {
	switch {
	case p.URL != "":
		return tabAttachment{Name: p.Name, URL: p.URL, Outside: true}, nil
	case p.SHA256 == [32]byte{}:
		return tabAttachment{Name: p.Name}, nil
	}
	a = tabAttachment{Name: p.Name, Size: humanSize(p.Size)}
	a.URL, err = e.signed(ctx, s, messages.Signed{Kind: messages.SignedPart, Message: message, Part: p.Number})
	return a, err
}

func (e *Extension) signed(ctx context.Context, s permissions.Subject, what messages.Signed) (string, error) {
	token, err := e.messages.Sign(ctx, s, what)
	return e.config.Prefix + "/api/v1/content/" + token, err
}

func humanSize(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d B", n)
	case n < 1<<20:
		return fmt.Sprintf("%.0f kB", float64(n)/(1<<10))
	default:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	}
}

func (e *Extension) mountTab(r *mux.Router) {
	r.HandleFunc(e.config.Prefix+"/tab.css", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		http.ServeFileFS(w, r, tabFiles, "tab.css")
	}).Methods(http.MethodGet, http.MethodHead)
}
