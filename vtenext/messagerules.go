package vtenext

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/sharing"
)

// message is what decides who reads a message.
type message struct {
	public bool // mvisibility
	link   bool // a stored copy, rather than one of a mailbox
	talk   bool // the user talked about it

	// Known where the organisation's default asks for them:
	related bool // the user may open a record it is related to
	sent    bool // the user may open a record it was sent to
}

// readMessages reads the facts of messages, which have no row among the other records.
func (q *inquiry) readMessages(ctx context.Context, ids []string) (map[string]*fact, error) {
	found := make(map[string]*fact, len(ids))
	if !q.policy.can(PartMessages) {
		return found, nil
	}
	err := q.each(ctx, `SELECT messagesid, COALESCE(smownerid, 0), deleted, COALESCE(mvisibility, '') = 'Public',
		COALESCE(mtype, '') = 'Link' FROM {messages} WHERE messagesid IN `, ids, nil,
		func(rows *sql.Rows) error {
			f := fact{setype: inMessages, message: new(message)}
			var deleted int
			if err := rows.Scan(&f.id, &f.owner, &deleted, &f.message.public, &f.message.link); err != nil {
				return err
			}
			f.deleted = deleted != 0
			found[f.id] = &f
			return nil
		})
	if err != nil {
		return nil, err
	}
	if err := q.addTalks(ctx, found); err != nil {
		return nil, err
	}
	if q.policy.messages == sharing.PublicReadOnly {
		return found, q.addRelated(ctx, found)
	}
	return found, nil
}

// addTalks finds the messages that the user talked about. Where the CRM computes lists in working tables, it looks at the
// comments themselves.
func (q *inquiry) addTalks(ctx context.Context, found map[string]*fact) error {
	var talks []string
	err := q.mark(ctx, found, func(id string) { talks = append(talks, id) },
		`SELECT messagesid FROM {modcomments_msgrel} WHERE userid = ? AND messagesid IN `, q.user)
	if err != nil {
		return err
	}
	if q.policy.tables {
		list, args := in(talks) // as text, which the column is
		talks, err = q.crm.strings(ctx, q.crm.db, `SELECT DISTINCT c.related_to FROM {modcomments} c
			JOIN {crmentity} e ON e.crmid = c.modcommentsid AND e.deleted = 0 WHERE c.related_to IN `+list, args...)
		if err != nil {
			return err
		}
	}
	for _, id := range talks {
		if f := found[id]; f != nil {
			f.message.talk = true
		}
	}
	return nil
}

// addRelated finds the messages that are related to a record the user may open. The relations of a deleted message, and
// those to a deleted record, do not count.
func (q *inquiry) addRelated(ctx context.Context, found map[string]*fact) error {
	ids := idsOf(found, func(f *fact) bool { return !q.judgeMessage(sharing.EditView, f).Allows() })
	related, err := q.opened(ctx, ids, `SELECT m.messagesid, r.crmid, COALESCE(r.module, '') FROM {messages} m
		JOIN {messagesrel} r ON r.messagehash = m.messagehash WHERE m.deleted = 0 AND m.messagesid IN `)
	if err != nil {
		return err
	}
	sent, err := q.opened(ctx, ids, `SELECT r.messagesid, r.id, e.setype FROM {messages_recipients} r
		JOIN {crmentity} e ON e.crmid = r.id WHERE r.messagesid IN `)
	if err != nil {
		return err
	}
	for id := range related {
		found[id].message.related = true
	}
	for id := range sent {
		found[id].message.sent = true
	}
	return nil
}

// opened runs a statement that reads records by message, and returns the messages of which the user may view a record.
func (q *inquiry) opened(ctx context.Context, ids []string, statement string) (map[string]bool, error) {
	records := make(map[string][]permissions.Record) // by message
	err := q.each(ctx, statement, ids, nil, func(rows *sql.Rows) error {
		var id string
		var r permissions.Record
		if err := rows.Scan(&id, &r.ID, &r.Type); err != nil {
			return err
		}
		if r.Type != inMessages {
			records[id] = append(records[id], r)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	facts, err := q.read(ctx, slices.Concat(slices.Collect(maps.Values(records))...), false)
	if err != nil {
		return nil, err
	}
	opened := make(map[string]bool)
	for id, list := range records {
		for _, r := range list {
			if facts.viewable(r) && q.judge(q.policy.typeOf[r.Type], sharing.DetailView, facts.of(r)).Allows() {
				opened[id] = true
			}
		}
	}
	return opened, nil
}

// judgeMessage answers about a message by the CRM's rules for them, which bind administrators too.
func (q *inquiry) judgeMessage(op sharing.Operation, f *fact) permissions.Decision {
	changes := op <= sharing.Delete
	switch {
	case op > sharing.DetailView:
		return refuse(CodeMessagePrivate, "Messages are neither imported, exported nor merged.")
	case f.owner == q.user:
		return allow(sharing.CodeOwner, "The user owns the message.")
	case op == sharing.Delete:
		return refuse(CodeMessagePrivate, "Only its owner deletes a message.")
	case f.message.public:
		return allow(CodePublicVisible, "The message is visible to everybody.")
	case f.message.link && changes:
		return refuse(CodeMessagePrivate, "Only its owner changes a stored message.")
	case f.message.talk:
		return allow(CodeTalk, "The user takes part in a talk about the message.")
	case q.opensToSuperiors() && q.policy.engine.OwnerGrants(q.user, f.owner):
		return allow(sharing.CodeSubordinate, "The owner has a role below the user's, or is one of the user's groups.")
	case f.message.sent, f.message.related && !changes:
		return allow(CodeRelated, "The message is related to a record the user may open.")
	}
	return refuse(CodeMessagePrivate, "The message belongs to somebody else, and nothing opens it to the user.")
}

// Readers tells who reads a linked message by the organisation's default for Messages.
func (p *Permissions) Readers(ctx context.Context) (messages.Readers, error) {
	policy, err := p.fresh.policy(ctx)
	if err != nil {
		return "", err
	}
	switch policy.messages {
	case sharing.PublicReadOnly:
		return messages.ReadersOfRecord, nil
	case sharing.Private:
		return messages.ReadersAbove, nil
	}
	return messages.ReadersOwner, nil
}

// opensToSuperiors reports whether users read what belongs to those below them and to their groups.
func (q *inquiry) opensToSuperiors() bool {
	return q.policy.messages == sharing.Private || q.policy.messages == sharing.PublicReadOnly && q.policy.tables
}

// MessagesTab returns the ids of the messages that the CRM's own Messages tab of a record shows to the subject: of each
// mail the latest copy, newest first. It answers [permissions.ErrNotFound] for a record the subject may not view.
func (p *Permissions) MessagesTab(ctx context.Context, s permissions.Subject, r permissions.Record) ([]string, error) {
	if err := permissions.CheckOne(ctx, p, s, permissions.View, r); err != nil {
		return nil, err
	}
	policy, err := p.fresh.policy(ctx)
	if err != nil {
		return nil, err
	}
	return p.inquire(policy, s.UserID).tab(ctx, r.ID)
}

// tab lists the messages related to a record. It does not look at the record.
func (q *inquiry) tab(ctx context.Context, record string) ([]string, error) {
	if lacking := q.policy.lacks[PartMessages]; lacking != nil {
		return nil, lacking
	}
	latest := make(map[string]int) // by hash
	err := q.each(ctx, `SELECT m.messagesid, m.messagehash, COALESCE(m.smownerid, 0), COALESCE(m.mvisibility, '') = 'Public'
		FROM {messagesrel} r JOIN {messages} m ON m.messagehash = r.messagehash
		WHERE m.deleted = 0 AND m.draft <> 1 AND r.crmid IN `, []string{record}, nil,
		func(rows *sql.Rows) error {
			var id int
			var hash, owner string
			var public bool
			if err := rows.Scan(&id, &hash, &owner, &public); err != nil {
				return err
			}
			if public || q.listsMessagesOf(owner) {
				latest[hash] = max(latest[hash], id)
			}
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("list messages of a record: %w", err)
	}
	ids := slices.Sorted(maps.Values(latest))
	list := make([]string, len(ids))
	for i, id := range ids {
		list[len(ids)-1-i] = strconv.Itoa(id)
	}
	return list, nil
}

// listsMessagesOf reports whether the Messages tab shows messages of the owner that are not public.
func (q *inquiry) listsMessagesOf(owner string) bool {
	switch q.policy.messages {
	case sharing.Private:
		return q.policy.engine.OwnerGrants(q.user, owner)
	case sharing.Assigned:
		return owner == q.user
	}
	return true
}
