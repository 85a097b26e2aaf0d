package crm

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
)

// Linked implements [messages.Filing]. The cursor is the time and the id of the last message of the page before.
func (c *CRM) Linked(
	ctx context.Context, _ permissions.Subject, r permissions.Record, p messages.Page,
) (natives []messages.Native, next string, err error) {
	record, _ := parseID(r.ID)
	query, args := `SELECT m.id, m.message_id, m.subject, m.from_name, m.from_address, m.sent, m.direction, m.owner,
		COALESCE(u.display_name, ''), m.body_text, m.attachments
		FROM crm_message_links l JOIN crm_messages m ON m.id = l.message_id LEFT JOIN crm_users u ON u.id = m.owner
		WHERE l.record_id = ?`, []any{record}
	if p.After != "" {
		var sent, id int64
		if _, err := fmt.Sscanf(p.After, "%d-%d", &sent, &id); err != nil {
			return nil, "", fmt.Errorf("cursor %q: %w", p.After, err)
		}
		query, args = query+" AND (m.sent < ? OR m.sent = ? AND m.id < ?)", append(args, sent, sent, id)
	}
	natives, err = collect(ctx, c.db, scanNative, query+" ORDER BY m.sent DESC, m.id DESC LIMIT ?", append(args, p.Limit)...)
	if n := len(natives); n == p.Limit && n > 0 {
		next = fmt.Sprintf("%d-%s", micros(natives[n-1].Date), natives[n-1].HostID)
	}
	return natives, next, err
}

func scanNative(rows *sql.Rows) (messages.Native, error) {
	var n messages.Native
	var sent int64
	err := rows.Scan(&n.HostID, &n.MessageID, &n.Subject, &n.From.Name, &n.From.Address, &sent, &n.Direction, &n.Owner,
		&n.OwnerName, &n.Text, &n.Attachments)
	n.Date = fromMicros(sent)
	return n, err
}

// Readable implements [messages.Filing]: who sees a record of a message reads it.
func (c *CRM) Readable(ctx context.Context, s permissions.Subject, hostIDs []string) ([]bool, error) {
	asked := make([]permissions.Record, len(hostIDs))
	for i, id := range hostIDs {
		asked[i] = permissions.Record{Type: messagesType, ID: id}
	}
	decisions, err := c.Check(ctx, s, permissions.View, asked)
	may := make([]bool, len(decisions))
	for i, d := range decisions {
		may[i] = d.Allows()
	}
	return may, err
}

// Records implements [messages.Filing]. Deleted records are no longer told.
func (c *CRM) Records(ctx context.Context, hostIDs []string) ([][]permissions.Record, error) {
	asked := make([]permissions.Record, len(hostIDs))
	for i, id := range hostIDs {
		asked[i] = permissions.Record{Type: messagesType, ID: id}
	}
	on := map[string][]permissions.Record{}
	placeholders, args := in(rowIDs(asked))
	_, err := collect(ctx, c.db, func(rows *sql.Rows) (struct{}, error) {
		var message string
		var r permissions.Record
		err := rows.Scan(&message, &r.Type, &r.ID)
		on[message] = append(on[message], r)
		return struct{}{}, err
	}, `SELECT l.message_id, r.entity_type, r.id FROM crm_message_links l JOIN crm_records r ON r.id = l.record_id
		WHERE r.deleted = 0 AND l.message_id IN `+placeholders+" ORDER BY l.message_id, r.id", args...)
	records := make([][]permissions.Record, len(hostIDs))
	for i, id := range hostIDs {
		records[i] = on[id]
	}
	return records, err
}
