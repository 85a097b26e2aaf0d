package vtenext

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/mailconnector/mailconnector/messages"
)

// documentsType is the entity type of documents.
const documentsType = string(messages.DocumentType)

const (
	attachmentType  = "Documents Attachment" // of the entity that is a document's file
	attachmentsName = "Message attachments"  // the folder of documents that came with mails
	firstFolder     = 1                      // where that one is not
	maxFileName     = 255                    // bytes of a name on disk
	maxIDDigits     = 10                     // of an id before the name
)

// document is a part of a mail that becomes, or is, a document of the CRM.
type document struct {
	id     int64
	isNew  bool
	part   int
	listed partRow // in the message's list of parts
	source messages.Attachment

	// of a new one
	file     int64  // the id of its file
	change   int64  // the id of its entry in the log of changes
	number   string // its record number
	name     string // of the file, without the id that begins it on disk
	title    string
	label    string // in the CRM's list of names
	mimeType string
	docType  string
	folder   string // on disk, with the slash that ends it
	group    int64  // the CRM's folder it is filed in
}

// path is where the file is, from the folder that holds the storage.
func (d document) path() string { return d.folder + formatID(d.file) + "_" + d.name }

// newDocuments returns those of the plan's documents that are to be created.
func (p *plan) newDocuments() []*document {
	var created []*document
	for i := range p.documents {
		if p.documents[i].isNew {
			created = append(created, &p.documents[i])
		}
	}
	return created
}

// planDocuments decides which attachments become documents and what these are called.
func (f *Filing) planDocuments(ctx context.Context, l layout, p *plan, folder string) error {
	for _, a := range p.mail.Attachments {
		if a.Inline || a.Keep {
			continue
		}
		d := document{part: a.Part, listed: partOf(l, a), source: a}
		if id, ok := parseID(a.Document); ok {
			d.id = id
		} else {
			f.name(l, &d)
			d.isNew, d.folder = true, folder
		}
		p.documents = append(p.documents, d)
	}
	created := p.newDocuments()
	if len(created) == 0 {
		return nil
	}
	group, err := f.group(ctx)
	for _, d := range created {
		d.group = group
	}
	return err
}

// name settles how a new document and its file are called. The CRM finds the file by the name in its table, so the two
// are one.
func (f *Filing) name(l layout, d *document) {
	d.name = l.fit("attachments", "name", sanitiseName(d.source.Name, l.of("attachments", "name").wide))
	d.name = shortenName(l.fit("notes", "filename", d.name), maxFileName-maxIDDigits-len("_")-len(blockedSuffix))
	if f.isBlocked(d.name) {
		d.name += blockedSuffix
	}
	d.title = l.fit("notes", "title", d.name)
	d.label = l.fit("entity_displayname", "displayname", d.title)
	d.mimeType = l.fit("attachments", "type", d.source.ContentType)
	d.docType = l.fit("notes", "filetype", d.source.ContentType)
}

// sanitiseName does to the name of a file what the CRM does: blanks become underscores, colons and slashes go. Unless
// its table takes wide characters, they become underscores too.
func sanitiseName(name string, wide bool) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), r > 0xFFFF && !wide:
			return '_'
		case r == ':' || r == '/' || r == '\\' || r == '<' || r == '>' || r == '"' || unicode.IsControl(r):
			return -1
		}
		return r
	}, name)
}

// shortenName cuts what is before the extension until a name has no more than n bytes.
func shortenName(name string, n int) string {
	if len(name) <= n {
		return name
	}
	extension := path.Ext(name)
	if len(extension) > n/2 {
		extension = ""
	}
	stem := []rune(strings.TrimSuffix(name, extension))
	for len(string(stem))+len(extension) > n {
		stem = stem[:len(stem)-1]
	}
	return string(stem) + extension
}

// blockedSuffix is what the CRM appends to names it blocks.
const blockedSuffix = ".txt"

// isBlocked looks at every ending of a name: some web servers run "x.php.jpg".
func (f *Filing) isBlocked(name string) bool {
	endings := strings.Split(strings.ToLower(name), ".")
	return slices.ContainsFunc(endings[1:], func(ending string) bool { return slices.Contains(f.blocked, ending) })
}

// group finds the CRM's folder of documents that came with mails.
func (f *Filing) group(ctx context.Context) (int64, error) {
	found, err := collect(ctx, f.crm.db, scanOne[int64], f.crm.sql(`SELECT d.folderid FROM {crmentityfolder} d
		JOIN {tab} t ON t.tabid = d.tabid WHERE t.name = ? AND d.foldername = ? ORDER BY d.folderid LIMIT 1`),
		documentsType, attachmentsName)
	if err != nil {
		return 0, fmt.Errorf("find the folder of attachments: %w", err)
	}
	return append(found, firstFolder)[0], nil
}

// writeFiles writes the files of new documents, each announced before, and returns the paths announced.
func (f *Filing) writeFiles(ctx context.Context, p *plan, files messages.FileJournal) ([]string, error) {
	var written []string
	for _, d := range p.newDocuments() {
		if err := files.Announce(ctx, d.path()); err != nil {
			return written, err
		}
		written = append(written, d.path())
		if err := f.writeFile(ctx, d); err != nil {
			return written, fmt.Errorf("file attachment %d: %w", d.part, err)
		}
	}
	return written, nil
}

func (f *Filing) writeFile(ctx context.Context, d *document) error {
	content, err := d.source.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }()
	return f.storage.write(d.path(), content, d.source.Size, d.source.SHA256)
}
