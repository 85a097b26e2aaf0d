package messages_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
)

// many are records of one type.
func many(n int) (records []permissions.Record) {
	for i := range n {
		records = append(records, permissions.Record{Type: "Contacts", ID: fmt.Sprint(100 + i)})
	}
	return records
}

func manyFiles(n int) (files []file) {
	for i := range n {
		files = append(files, file{name: fmt.Sprintf("%d.pdf", i), contentType: "application/pdf", content: fmt.Sprint("%PDF-1.4 ", i)})
	}
	return files
}

func TestTheDocumentsOfOneRequestAreBounded(t *testing.T) {
	for name, test := range map[string]struct {
		attachments, records int
		detail               string // of the refusal, empty for none
	}{
		"many attachments on many records":     {101, 50, "101 attachments: name at most 49"},
		"few attachments on many records":      {2, 50, ""},
		"most attachments on many records":     {600, 11, "500 attachments: name at most 10"},
		"most attachments on ten records":      {600, 10, ""},
		"many attachments on one record":       {501, 1, ""},
		"an attachment on one record too many": {1, 51, "1 to 50 records"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t, dbtest.SQLite(t)) // no statement differs between the rows
			_, err := h.tryArchive(ann, letter{files: manyFiles(test.attachments)}, "", many(test.records)...)
			if test.detail == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var invalid *messages.InvalidError
			if !errors.As(err, &invalid) || invalid.Pointer != "/links" || !strings.Contains(invalid.Detail, test.detail) {
				t.Errorf("Archive = %v, want a refusal with %q", err, test.detail)
			}
			h.wantNothing()
		})
	}
}

// TestOfVeryManyAttachmentsTheFirstBecomeDocuments links such a mail, links it again, and reads it.
func TestOfVeryManyAttachmentsTheFirstBecomeDocuments(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		l := letter{files: manyFiles(503)}
		first := h.archive(ann, l, nora)
		again, err := h.Link(t.Context(), bob, first.Message.ID, messages.LinkRequest{Links: []permissions.Record{acme}})
		if err != nil {
			t.Fatal(err)
		}
		for name, receipt := range map[string]messages.Receipt{"archived": first, "linked again": again} {
			stored, kept := 0, 0
			for i, p := range receipt.Parts {
				switch {
				case i < 500 && p.Status == messages.Stored && p.Document != "":
					stored++
				case i >= 500 && p.Status == messages.Kept && p.Document == "" && p.Detail == messages.DetailAttachments:
					kept++
				}
			}
			if stored != 500 || kept != 3 || !slices.Contains(problemCodes(receipt.Problems), messages.ProblemAttachments) {
				t.Errorf("%s: %d stored, %d kept, problems %v", name, stored, kept, receipt.Problems)
			}
		}
		h.wantCounts(map[string]int{"host_documents": 500, "host_document_links": 1000})
		content, _, err := h.Part(t.Context(), bob, first.Message.ID, 504)
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, content); got != "%PDF-1.4 502" {
			t.Errorf("the last attachment is %q", got)
		}
	})
}

// TestALongNameIsCut sends a name as thousands of which would make what is told of a mail longer than the mail.
func TestALongNameIsCut(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		name := strings.Repeat("<", 3000) + ".pdf"
		receipt := h.archive(ann, letter{files: []file{{name: name, contentType: "application/pdf", content: "x"}}}, nora)
		if got := receipt.Parts[0].Name; got != name[:255] {
			t.Errorf("the receipt names the file in %d bytes", len(got))
		}
		if m, err := h.Message(t.Context(), ann, receipt.Message.ID); err != nil || m.Parts[1].Name != name[:1000] {
			t.Errorf("the message names the file %v, %v", m.Parts, err)
		}
	})
}

// TestManyDocumentsTakeFewStatements links a mail whose documents are on all records already, and takes it off one.
func TestManyDocumentsTakeFewStatements(t *testing.T) {
	onFaulty(t, func(t *testing.T, h *harness, f *faults) {
		l, on := letter{files: manyFiles(100)}, many(5)
		h.archive(ann, l, on...)
		f.reset(0, 0)
		h.archive(bob, l, on...)
		if n := f.statements(); n > 2*len(l.files)*len(on) { // the host itself inserts each of its rows
			t.Errorf("%d statements for %d documents on %d records", n, len(l.files), len(on))
		}
		h.wantCounts(map[string]int{"host_documents": 100, "host_document_links": 500, "mc_link_documents": 1000})
		id := h.archive(ann, l, on...).Message.ID
		for _, step := range []struct {
			who  permissions.Subject
			left int // documents on records
		}{{ann, 500}, {bob, 400}} {
			f.reset(0, 0)
			if err := h.Unlink(t.Context(), step.who, id, on[0]); err != nil {
				t.Fatal(err)
			}
			if n := f.statements(); n > 20+len(l.files) { // the host takes each document off by itself
				t.Errorf("%d statements to unlink %d documents", n, len(l.files))
			}
			h.wantCounts(map[string]int{"host_document_links": step.left})
		}
	})
}
