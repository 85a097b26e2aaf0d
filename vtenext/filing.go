package vtenext

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions/sharing"
)

// FilingConfig says how messages and documents are filed. CRM and Permissions are required.
type FilingConfig struct {
	CRM         *CRM // its Storage holds the files of documents
	Permissions *Permissions

	// BlockedExtensions is $upload_badext of config.inc.php, without dots: files that end so get ".txt" appended, so that
	// the web server hands them out instead of running them. Defaults to DefaultBlockedExtensions.
	BlockedExtensions []string
}

// DefaultBlockedExtensions returns the endings that a web server may run, or a browser take for a page.
func DefaultBlockedExtensions() []string {
	return []string{
		"asp", "aspx", "bat", "bin", "cfm", "cgi", "cmd", "com", "dll", "exe", "hta", "htaccess", "htm", "html", "jar", "js", "jsp",
		"mjs", "msi", "phar", "php", "php3", "php4", "php5", "php7", "phps", "phtml", "pl", "py", "rb", "sh", "shtm", "shtml", "sth",
		"svg", "vbs", "wsf", "xhtml",
	}
}

// Filing keeps the CRM's own rows and files of messages and documents: the port [messages.Filing]. What it writes is
// what the CRM would have written. It is safe for concurrent use.
//
// One message row belongs to one user. Who else reads it follows the CRM's default for Messages: where that is Public,
// everybody who sees a linked record; else a message that is to be shared is made visible to every user of the CRM, and
// one that is not stays with its owner and those the CRM puts above.
//
// Where the installation lacks a table or column that filing takes, every call answers a [*LackingError].
type Filing struct {
	crm         *CRM
	permissions *Permissions
	blocked     []string
	storage     storage
	gate        *gate
	layout      layoutCache
}

var _ messages.Filing = (*Filing)(nil)

// NewFiling checks the configuration. It does no I/O.
func NewFiling(c FilingConfig) (*Filing, error) {
	if c.CRM == nil || c.Permissions == nil {
		return nil, errors.New("vtenext: FilingConfig.CRM and Permissions are required")
	}
	if c.BlockedExtensions == nil {
		c.BlockedExtensions = DefaultBlockedExtensions()
	}
	return &Filing{
		crm: c.CRM, permissions: c.Permissions, blocked: slices.Clone(c.BlockedExtensions), storage: storage{c.CRM.storage},
		gate:   &gate{crm: c.CRM, needs: slices.Concat(filingNeeds(), messageNeeds())},
		layout: layoutCache{crm: c.CRM},
	}, nil
}

// plan is what Prepare reserved and composed, ready to be written.
type plan struct {
	mail       messages.Mail
	message    int64
	isNew      bool
	public     bool // visible to every user of the CRM
	hash       string
	values     messageRow // of a new message, like the three that follow
	label      string     // in the CRM's list of names
	references []string
	parts      []partRow
	documents  []document
	actor      int64
	userName   string // of the actor, as it fits the log of changes
	now        string // local
	request    string // ties the log entries of one request together
}

// Prepare implements [messages.Filing]. The ids and numbers are taken one after the other, each in a statement that
// counts by itself; when the CRM holds the table of record numbers locked, it waits some seconds and then answers that
// the lock took too long, as a database that is busy.
func (f *Filing) Prepare(ctx context.Context, m messages.Mail, files messages.FileJournal) (messages.Plan, error) {
	actor, ok := parseID(m.Actor.UserID)
	if !ok {
		return messages.Plan{}, fmt.Errorf("user %q is none of the CRM's", m.Actor.UserID)
	}
	if err := f.gate.check(ctx); err != nil {
		return messages.Plan{}, err
	}
	policy, err := f.permissions.fresh.policy(ctx)
	if err != nil {
		return messages.Plan{}, err
	}
	layout, err := f.layout.current(ctx)
	if err != nil {
		return messages.Plan{}, err
	}
	now := f.crm.now()
	p := &plan{mail: m, actor: actor, now: f.crm.localTime(now), request: requestID(now)}
	p.public = m.Shared && policy.messages != sharing.PublicReadOnly
	if err := f.identify(ctx, layout, p); err != nil {
		return messages.Plan{}, fmt.Errorf("look for the message: %w", err)
	}
	folder := f.storage.folderOf(now.In(f.crm.timeZone))
	if err := f.planDocuments(ctx, layout, p, folder); err != nil {
		return messages.Plan{}, fmt.Errorf("plan documents: %w", err)
	}
	if err := f.reserve(ctx, p); err != nil {
		return messages.Plan{}, err
	}
	if p.isNew {
		if err := f.compose(ctx, layout, p); err != nil {
			return messages.Plan{}, fmt.Errorf("compose the message: %w", err)
		}
	}
	written, err := f.writeFiles(ctx, p, files)
	return messages.Plan{HostID: formatID(p.message), Files: written, State: p}, err
}

// identify finds the message if the CRM has it, and who links it.
func (f *Filing) identify(ctx context.Context, layout layout, p *plan) error {
	names, err := collect(ctx, f.crm.db, scanOne[string], f.crm.sql("SELECT user_name FROM {users} WHERE id = ?"), p.actor)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return fmt.Errorf("user %d is none of the CRM's", p.actor)
	}
	p.userName = layout.fit("changelog", "user_name", names[0])
	p.isNew = true
	id, ok := parseID(p.mail.HostID)
	if !ok {
		return nil
	}
	hashes, err := collect(ctx, f.crm.db, scanOne[string],
		f.crm.sql("SELECT messagehash FROM {messages} WHERE messagesid = ? AND deleted = 0 AND messagehash <> ''"), id)
	if err == nil && len(hashes) > 0 {
		p.message, p.hash, p.isNew = id, hashes[0], false
	}
	return err
}

// reserve takes the ids and numbers of what is new.
func (f *Filing) reserve(ctx context.Context, p *plan) error {
	created := p.newDocuments()
	ids := int64(2 * len(created))
	if p.isNew {
		ids++
	}
	if ids == 0 {
		return nil
	}
	return f.crm.patiently(ctx, func(conn *sql.Conn) error {
		id, err := f.crm.nextOn(ctx, conn, "crmentity", ids)
		if err != nil {
			return err
		}
		if p.isNew {
			p.message, id = id, id+1
		}
		if len(created) == 0 {
			return nil
		}
		numbers, err := f.crm.numbers(ctx, conn, documentsType, len(created))
		if err != nil {
			return err
		}
		change, err := f.crm.nextOn(ctx, conn, "changelog", int64(len(created)))
		if err != nil {
			return err
		}
		for i, d := range created {
			d.file, d.id, d.number, d.change = id, id+1, numbers[i], change+int64(i)
			id += 2
		}
		return nil
	})
}

// layoutAge is how long the widths of the CRM's columns are kept.
const layoutAge = time.Minute

// layoutCache keeps the widths of the columns that are written.
type layoutCache struct {
	crm   *CRM
	mu    sync.Mutex
	until time.Time
	kept  layout
}

func (l *layoutCache) current(ctx context.Context) (layout, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.crm.now()
	if l.kept != nil && now.Before(l.until) {
		return l.kept, nil
	}
	read, err := l.crm.readLayout(ctx)
	if err != nil {
		return nil, err
	}
	l.kept, l.until = read, now.Add(layoutAge)
	return read, nil
}
