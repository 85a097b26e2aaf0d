package vtenext

import (
	"context"
	"database/sql"
	"fmt"
	"html"
	"slices"
	"strings"

	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
)

// bodyStart is how much of a body is read for lists, in characters.
const bodyStart = 16 << 10

// Linked implements [messages.Filing]: what the CRM's own Messages tab of the record shows, of each mail the latest copy
// that the subject may read. The cursor is the local time and the id of the last message of the page before.
func (f *Filing) Linked(ctx context.Context, s permissions.Subject, r permissions.Record, page messages.Page) (natives []messages.Native, next string, err error) {
	if err := f.gate.check(ctx); err != nil {
		return nil, "", err
	}
	ids, err := f.tab(ctx, s, r)
	if err != nil || len(ids) == 0 {
		return nil, "", err
	}
	list, args := in(ids)
	condition := ""
	if page.After != "" {
		dated, last, _ := strings.Cut(page.After, "/")
		id, ok := parseID(last)
		if !ok {
			return nil, "", fmt.Errorf("cursor %q is none", page.After)
		}
		condition, args = "AND (dated < ? OR dated = ? AND messagesid < ?)", append(args, dated, dated, id)
	}
	found, err := collect(ctx, f.crm.db, f.scanNative, f.crm.sql(`SELECT messagesid, dated, messageid, subject, mfrom, mfrom_n, owner,
		COALESCE(NULLIF(TRIM(CONCAT(u.first_name, ' ', COALESCE(u.last_name, ''))), ''), u.last_name, g.groupname, ''), body,
		(SELECT COUNT(*) FROM {messages_attach} a WHERE a.messagesid = m.messagesid AND COALESCE(a.contentdisposition, '') <> 'inline'),
		COALESCE(LOWER(mfrom) IN (LOWER(u.email1), LOWER(u.email2)), 0)
			OR EXISTS (SELECT 1 FROM {messages_account} x WHERE x.userid = m.owner AND LOWER(x.email) = LOWER(mfrom))
		FROM (SELECT messagesid, COALESCE(CAST(mdate AS CHAR), '') AS dated, COALESCE(messageid, '') AS messageid,
			COALESCE(subject, '') AS subject, COALESCE(mfrom, '') AS mfrom, COALESCE(mfrom_n, '') AS mfrom_n, smownerid AS owner,
			COALESCE(LEFT(COALESCE(NULLIF(cleaned_body, ''), description), ?), '') AS body FROM {messages}
			WHERE messagesid IN `+list+`) m
		LEFT JOIN {users} u ON u.id = m.owner LEFT JOIN {groups} g ON g.groupid = m.owner
		WHERE 1 = 1 `+condition+` ORDER BY dated DESC, messagesid DESC LIMIT ?`),
		slices.Concat([]any{bodyStart}, args, []any{page.Limit})...)
	if err != nil {
		return nil, "", fmt.Errorf("list messages: %w", err)
	}
	for _, n := range found {
		natives = append(natives, n.Native)
	}
	if n := len(found); n == page.Limit && n > 0 {
		next = found[n-1].dated + "/" + found[n-1].HostID
	}
	return natives, next, nil
}

// tab lists the messages that the CRM shows the subject on a record.
func (f *Filing) tab(ctx context.Context, s permissions.Subject, r permissions.Record) ([]int64, error) {
	policy, err := f.permissions.fresh.policy(ctx)
	if err != nil {
		return nil, err
	}
	listed, err := f.permissions.inquire(policy, s.UserID).tab(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	var ids []int64
	for _, s := range listed {
		if id, ok := parseID(s); ok {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// native is a message in a list, with the local time it is listed by.
type native struct {
	messages.Native
	dated string
}

func (f *Filing) scanNative(rows *sql.Rows) (native, error) {
	var n native
	var id int64
	var owner sql.NullString
	var sent bool
	err := rows.Scan(&id, &n.dated, &n.MessageID, &n.Subject, &n.From.Address, &n.From.Name, &owner, &n.OwnerName, &n.Text,
		&n.Attachments, &sent)
	n.HostID, n.Owner, n.Date, n.Direction = formatID(id), owner.String, f.crm.parseTime(n.dated), messages.Inbound
	if sent {
		n.Direction = messages.Outbound
	}
	n.Subject, n.Text = html.UnescapeString(n.Subject), plainText(n.Text)
	return n, err
}

// Readable implements [messages.Filing] by the CRM's own rule for its Messages.
func (f *Filing) Readable(ctx context.Context, s permissions.Subject, hostIDs []string) ([]bool, error) {
	if err := f.gate.check(ctx); err != nil {
		return nil, err
	}
	asked := make([]permissions.Record, len(hostIDs))
	for i, id := range hostIDs {
		asked[i] = permissions.Record{Type: inMessages, ID: id}
	}
	decisions, err := f.permissions.Check(ctx, s, permissions.View, asked)
	if err != nil {
		return nil, fmt.Errorf("ask who reads messages: %w", err)
	}
	may := make([]bool, len(decisions))
	for i, d := range decisions {
		may[i] = d.Allows()
	}
	return may, nil
}

// Records implements [messages.Filing]. The documents that came with a message are not told: they are part of it.
// Deleted records are no longer told, and nothing is told of a deleted message.
func (f *Filing) Records(ctx context.Context, hostIDs []string) ([][]permissions.Record, error) {
	if err := f.gate.check(ctx); err != nil {
		return nil, err
	}
	var ids []int64
	for _, s := range hostIDs {
		if id, ok := parseID(s); ok {
			ids = append(ids, id)
		}
	}
	on := make(map[string][]permissions.Record)
	for chunk := range slices.Chunk(ids, chunkSize) {
		list, args := in(chunk)
		_, err := collect(ctx, f.crm.db, func(rows *sql.Rows) (struct{}, error) {
			var message string
			var r permissions.Record
			err := rows.Scan(&message, &r.Type, &r.ID)
			on[message] = append(on[message], r)
			return struct{}{}, err
		}, f.crm.sql(`SELECT m.messagesid, e.setype, e.crmid FROM {messages} m
			JOIN {messagesrel} r ON r.messagehash = m.messagehash JOIN {crmentity} e ON e.crmid = r.crmid AND e.deleted = 0
			WHERE m.deleted = 0 AND m.messagehash <> '' AND e.setype <> ? AND m.messagesid IN `+list+" ORDER BY m.messagesid, e.crmid"),
			append([]any{documentsType}, args...)...)
		if err != nil {
			return nil, fmt.Errorf("find the records of messages: %w", err)
		}
	}
	records := make([][]permissions.Record, len(hostIDs))
	for i, id := range hostIDs {
		records[i] = on[id]
	}
	return records, nil
}

// Remove implements [messages.Filing]. As in the CRM, the relation goes for every user's copy of the mail, because it is
// one. Documents stay in the CRM, off the record.
func (f *Filing) Remove(ctx context.Context, tx *sql.Tx, r messages.Removal) error {
	if err := f.gate.check(ctx); err != nil {
		return err
	}
	record, ok := parseID(r.Record.ID)
	if !ok {
		return nil
	}
	w := writer{crm: f.crm, tx: tx}
	if message, ok := parseID(r.HostID); ok {
		w.exec(ctx, "unlink message", `DELETE FROM {messagesrel} WHERE crmid = ? AND messagehash <> ''
			AND messagehash = (SELECT messagehash FROM {messages} WHERE messagesid = ?)`, record, message)
		w.exec(ctx, "unlink recipient", "DELETE FROM {messages_recipients} WHERE messagesid = ? AND id = ?", message, record)
	}
	for _, document := range r.Documents {
		if id, ok := parseID(document); ok {
			w.exec(ctx, "unlink document", "DELETE FROM {senotesrel} WHERE notesid = ? AND crmid = ?", id, record)
		}
	}
	return w.err
}
