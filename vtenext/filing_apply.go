package vtenext

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
)

// Apply implements [messages.Filing]. The rows of the targets stay locked until the transaction ends, so that none is
// deleted meanwhile; they are locked in the order of their ids, so that two links to the same records wait for each
// other instead of deadlocking.
func (f *Filing) Apply(ctx context.Context, tx *sql.Tx, prepared messages.Plan) (messages.Filed, error) {
	p, ok := prepared.State.(*plan)
	if !ok {
		return messages.Filed{}, fmt.Errorf("apply a plan of type %T", prepared.State)
	}
	w := &writer{crm: f.crm, tx: tx, plan: p}
	for _, target := range sortedByID(p.mail.Targets) {
		w.hold(ctx, target)
	}
	if p.isNew {
		w.insertMessage(ctx)
	} else {
		w.touchMessage(ctx)
	}
	created := w.relateMessage(ctx)
	filed := messages.Filed{HostID: formatID(p.message), Created: created}
	for _, d := range p.documents {
		if d.isNew {
			w.insertDocument(ctx, d)
		}
		w.relateDocument(ctx, d)
		filed.Documents = append(filed.Documents, messages.FiledDocument{Part: d.part, Document: formatID(d.id)})
	}
	if w.err != nil {
		return messages.Filed{}, w.err
	}
	return filed, nil
}

func sortedByID(records []permissions.Record) []permissions.Record {
	return slices.SortedFunc(slices.Values(records), func(a, b permissions.Record) int {
		idA, _ := parseID(a.ID)
		idB, _ := parseID(b.ID)
		return cmp.Compare(idA, idB)
	})
}

// writer writes a plan in a transaction. After an error it does nothing more.
type writer struct {
	crm  *CRM
	tx   *sql.Tx
	plan *plan
	err  error
}

// exec runs a statement and reports whether it changed a row.
func (w *writer) exec(ctx context.Context, doing, statement string, args ...any) bool {
	if w.err != nil {
		return false
	}
	changed, err := affected(w.tx.ExecContext(ctx, w.crm.sql(statement), args...))
	if err != nil {
		w.err = fmt.Errorf("%s: %w", doing, err)
	}
	return changed
}

// hold makes sure that a record is there and stays.
func (w *writer) hold(ctx context.Context, r permissions.Record) {
	if w.err != nil {
		return
	}
	id, _ := parseID(r.ID)
	found, err := collect(ctx, w.tx, scanOne[int64],
		w.crm.sql("SELECT crmid FROM {crmentity} WHERE crmid = ? AND setype = ? AND deleted = 0 FOR UPDATE"), id, r.Type)
	if err == nil && len(found) == 0 {
		err = permissions.ErrNotFound
	}
	if err != nil {
		w.err = fmt.Errorf("hold %s: %w", r, err)
	}
}

// insertMessage writes a message as the CRM writes a stored copy: of one that was sent or imported.
func (w *writer) insertMessage(ctx context.Context) {
	p, v := w.plan, w.plan.values
	// A local time that the server's own clock skipped is moved, where a server in strict mode would refuse the row.
	w.exec(ctx, "insert message", `INSERT INTO {messages} (messagesid, subject, mdate, mfrom, mto, mcc, mreplyto, messageid, xmailer,
		mbcc, xuid, folder, mfrom_n, mfrom_f, mto_n, mto_f, mcc_n, mcc_f, mbcc_n, mbcc_f, mreplyto_n, mreplyto_f, messagehash,
		mtype, in_reply_to, mreferences, thread_index, lastson, send_mode, account, mvisibility, seen, answered, forwarded,
		flagged, draft, description, cleaned_body, content_ids, smownerid, createdtime, modifiedtime)
		VALUES (?, ?, FROM_UNIXTIME(UNIX_TIMESTAMP(?)), ?, ?, ?, ?, ?, '', ?, 0, '', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'Link', ?, ?,
		?, 0, '', 0, ?, 1, 0, 0, 0, 0, '', ?, '[]', ?, ?, ?)`,
		p.message, v["subject"], v["mdate"], v["mfrom"], v["mto"], v["mcc"], v["mreplyto"], v["messageid"], v["mbcc"],
		v["mfrom_n"], v["mfrom_f"], v["mto_n"], v["mto_f"], v["mcc_n"], v["mcc_f"], v["mbcc_n"], v["mbcc_f"], v["mreplyto_n"],
		v["mreplyto_f"], p.hash, v["in_reply_to"], v["mreferences"], v["thread_index"], v["mvisibility"], v["cleaned_body"],
		p.actor, p.now, p.now)
	w.nameEntity(ctx, p.message, "Messages", p.label)
	for _, reference := range p.references {
		w.exec(ctx, "insert reference", "INSERT IGNORE INTO {messages_mref} (messagesid, mreference) VALUES (?, ?)", p.message, reference)
	}
	for i, part := range p.parts {
		w.insertPart(ctx, i, part)
	}
}

func (w *writer) insertPart(ctx context.Context, contentID int, part partRow) {
	w.exec(ctx, "insert part", `INSERT INTO {messages_attach} (messagesid, contentid, content_id, contentname, contenttype,
		contentdisposition, contentcharset, contentencoding, contentmethod, size) VALUES (?, ?, ?, ?, ?, ?, NULL, 'base64', NULL, ?)`,
		w.plan.message, contentID, part.contentID, part.name, part.contentType, part.disposition, part.size)
}

// nameEntity writes the CRM's list of names.
func (w *writer) nameEntity(ctx context.Context, id int64, entityType, label string) {
	w.exec(ctx, "name "+entityType, "REPLACE INTO {entity_displayname} (crmid, setype, displayname, lastupdate) VALUES (?, ?, ?, ?)",
		id, entityType, label, w.plan.now)
}

// touchMessage makes sure that the message is still there.
func (w *writer) touchMessage(ctx context.Context) {
	if w.err != nil {
		return
	}
	found, err := collect(ctx, w.tx, scanOne[int64],
		w.crm.sql("SELECT messagesid FROM {messages} WHERE messagesid = ? AND deleted = 0 FOR UPDATE"), w.plan.message)
	if err == nil && len(found) == 0 {
		err = permissions.ErrNotFound
	}
	if err != nil {
		w.err = fmt.Errorf("hold message %d: %w", w.plan.message, err)
		return
	}
	w.exec(ctx, "touch message", "UPDATE {messages} SET modifiedtime = ? WHERE messagesid = ?", w.plan.now, w.plan.message)
	if w.plan.public {
		w.exec(ctx, "share message", "UPDATE {messages} SET mvisibility = 'Public' WHERE messagesid = ?", w.plan.message)
	}
}

// relateMessage puts the message on every target and returns those it was not on before.
func (w *writer) relateMessage(ctx context.Context) (created []permissions.Record) {
	for _, target := range w.plan.mail.Targets {
		id, _ := parseID(target.ID)
		if w.relateHash(ctx, id, target.Type) {
			created = append(created, target)
		}
	}
	return created
}

func (w *writer) relateHash(ctx context.Context, id int64, entityType string) bool {
	return w.exec(ctx, "relate message", "INSERT IGNORE INTO {messagesrel} (messagehash, crmid, module) VALUES (?, ?, ?)",
		w.plan.hash, id, entityType)
}

// insertDocument writes a document with its file.
func (w *writer) insertDocument(ctx context.Context, d document) {
	p := w.plan
	w.insertEntity(ctx, d.file, attachmentType)
	w.exec(ctx, "insert file", "INSERT INTO {attachments} (attachmentsid, name, type, path) VALUES (?, ?, ?, ?)",
		d.file, d.name, d.mimeType, d.folder)
	w.insertEntity(ctx, d.id, documentsType)
	w.exec(ctx, "insert document", `INSERT INTO {notes} (notesid, title, filename, notecontent, filetype, filesize, filedownloadcount,
		fileversion, folderid, note_no, filelocationtype, backend_name, filestatus, active_portal)
		VALUES (?, ?, ?, '', ?, ?, 0, '', ?, ?, 'I', '', 1, 0)`,
		d.id, d.title, d.name, d.docType, d.source.Size, d.group, d.number)
	w.exec(ctx, "insert document", "INSERT INTO {notescf} (notesid) VALUES (?)", d.id)
	w.nameEntity(ctx, d.id, documentsType, d.label)
	w.exec(ctx, "log document", `INSERT INTO {changelog} (changelogid, audit_no, user_id, user_name, display_id, display_module,
		display_name, modified_date, parent_id, description, hide, request_id) VALUES (?, 1, ?, ?, 0, '', '', ?, ?, ?, 0, ?)`,
		d.change, p.actor, p.userName, p.now, d.id, `["ChangeLogCreation"]`, p.request)
	w.exec(ctx, "attach file", "INSERT INTO {seattachmentsrel} (crmid, attachmentsid) VALUES (?, ?)", d.id, d.file)
}

// insertEntity writes what the CRM keeps of every record. A column left to its default is a zero date, which a server in
// strict mode refuses to put in.
func (w *writer) insertEntity(ctx context.Context, id int64, entityType string) {
	w.exec(ctx, "insert entity", `INSERT INTO {crmentity} (crmid, smcreatorid, smownerid, setype, createdtime, modifiedtime, viewedtime)
		VALUES (?, ?, ?, ?, ?, ?, IF(FIND_IN_SET('NO_ZERO_DATE', @@sql_mode), NULL, DEFAULT(viewedtime)))`, id, w.plan.actor, w.plan.actor, entityType, w.plan.now, w.plan.now)
}

// relateDocument puts a document on every target and on the message.
func (w *writer) relateDocument(ctx context.Context, d document) {
	p := w.plan
	w.attachDocument(ctx, d)
	for _, target := range p.mail.Targets {
		id, _ := parseID(target.ID)
		if w.exec(ctx, "relate document", "INSERT IGNORE INTO {senotesrel} (notesid, crmid, relmodule) VALUES (?, ?, ?)",
			d.id, id, target.Type) {
			w.exec(ctx, "touch records", "UPDATE {crmentity} SET modifiedtime = ? WHERE crmid IN (?, ?)", p.now, d.id, id)
		}
	}
	w.relateHash(ctx, d.id, documentsType)
}

// attachDocument tells the message's list of parts about a document. A copy that the CRM got when the mail was not
// complete lacks the part.
func (w *writer) attachDocument(ctx context.Context, d document) {
	m := w.plan.message
	if w.exec(ctx, "attach document", `UPDATE {messages_attach} SET document = ? WHERE messagesid = ? AND contentname = ?
		AND COALESCE(document, 0) = 0 ORDER BY contentid LIMIT 1`, d.id, m, d.listed.name) || w.plan.isNew {
		return
	}
	w.exec(ctx, "add part", `INSERT INTO {messages_attach} (messagesid, contentid, content_id, contentname, contenttype,
		contentdisposition, contentencoding, document, size) SELECT ?, COALESCE(MAX(contentid), -1) + 1, ?, ?, ?, ?, 'base64', ?, ?
		FROM {messages_attach} WHERE messagesid = ? HAVING COALESCE(SUM(contentname = ?), 0) = 0`,
		m, d.listed.contentID, d.listed.name, d.listed.contentType, d.listed.disposition, d.id, d.listed.size, m, d.listed.name)
}
