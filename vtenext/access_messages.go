package vtenext

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"github.com/mailconnector/mailconnector/permissions/sharing"
)

// WriteMessages writes what the CRM answers about every message, tab separated and without a header: user, message,
// view, edit, delete, download; 1 for yes. The deleted flag plays no part, as in the CRM. Only Users of the options
// matters.
func (p *Permissions) WriteMessages(ctx context.Context, w io.Writer, o AccessOptions) error {
	policy, err := p.fresh.policy(ctx)
	if err != nil {
		return err
	}
	ids, err := p.crm.strings(ctx, p.crm.db, "SELECT messagesid FROM {messages} ORDER BY messagesid")
	if err != nil {
		return fmt.Errorf("read messages: %w", err)
	}
	out := bufio.NewWriter(w)
	for _, user := range policy.usersOf(o.Users) {
		q := p.inquire(policy, user)
		facts, err := q.readMessages(ctx, ids)
		if err != nil {
			return fmt.Errorf("read messages: %w", err)
		}
		for _, id := range ids {
			f, there := facts[id]
			if !there {
				continue // removed meanwhile
			}
			view := flag(q.judgeMessage(sharing.DetailView, f).Allows())
			writeRow(out, user, id, view, flag(q.judgeMessage(sharing.EditView, f).Allows()),
				flag(q.judgeMessage(sharing.Delete, f).Allows()), view)
		}
	}
	return out.Flush()
}
