package messages

import (
	"context"
	"fmt"
	"strings"

	"github.com/mailconnector/mailconnector/permissions"
)

// maxSnippet is the longest snippet in bytes.
const maxSnippet = 200

// ForRecord lists the messages of a record in the host's order, newest first, whoever put them there. It answers
// permissions.ErrNotFound for a record the subject may not view, and an [*InvalidError] for a cursor that was not given to
// the subject for this record. The CRM's rows are the truth: what was taken off the
// record in the CRM is gone, and what only the CRM has is listed too. A message of which several users have a copy
// appears once on a page.
func (s *Service) ForRecord(ctx context.Context, sub permissions.Subject, r permissions.Record, p Page) (list []Summary, next string, err error) {
	if !validRecord(r) {
		return nil, "", permissions.ErrNotFound
	}
	if err := permissions.CheckOne(ctx, s.c.Permissions, sub, permissions.View, r); err != nil {
		return nil, "", err
	}
	p.Limit = min(max(p.Limit, 1), 100)
	if p.After, err = s.openCursor(ctx, sub, r, p.After); err != nil {
		return nil, "", err
	}
	natives, next, err := s.c.Filing.Linked(ctx, sub, r, p)
	if err != nil {
		return nil, "", fmt.Errorf("list messages of %s: %w", r, err)
	}
	if next, err = s.sealedCursor(ctx, sub, r, next); err != nil {
		return nil, "", err
	}
	list, err = s.summaries(ctx, sub, r, natives)
	return list, next, err
}

// summaries adds what we know to what the host has.
func (s *Service) summaries(ctx context.Context, sub permissions.Subject, r permissions.Record, natives []Native) ([]Summary, error) {
	hostIDs := make([]string, len(natives))
	for i, n := range natives {
		hostIDs[i] = n.HostID
	}
	known, err := s.store.messagesByHost(ctx, hostIDs)
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(known))
	for _, row := range known {
		ids = append(ids, row.ID)
	}
	rows, err := s.store.linksOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	made, users := firstLinks(rows, sub.UserID), s.users(ctx)
	list := make([]Summary, 0, len(natives))
	listed := make(map[string]bool)
	for _, n := range natives {
		row, ours := known[n.HostID]
		switch {
		case !ours:
			list = append(list, nativeSummary(n))
		case !listed[row.ID]:
			listed[row.ID] = true
			link := newLink(made[place{row.ID, r}], sub, users)
			list = append(list, ownSummary(row, n.HostID, link))
		}
	}
	return list, nil
}

func nativeSummary(n Native) Summary {
	return Summary{
		HostID: n.HostID, MessageID: n.MessageID, Subject: n.Subject, From: n.From, Date: n.Date, Direction: n.Direction,
		Attachments: n.Attachments, Snippet: shortText(n.Text),
	}
}

func ownSummary(row messageRow, hostID string, link Link) Summary {
	return Summary{
		ID: row.ID, HostID: hostID, MessageID: row.MessageID, Subject: row.Subject,
		From: Participant{Name: row.FromName, Address: row.FromAddress}, Date: timeOf(row.Date),
		Direction: Direction(row.Direction), LinkedAt: link.LinkedAt, LinkedBy: link.LinkedBy,
		Attachments: row.Attachments, Snippet: row.Snippet,
	}
}

// snippet is the beginning of what a reader sees of a mail.
func snippet(l *letter) string {
	if l.text != "" {
		return shortText(l.text)
	}
	return shortText(visibleText(clip(l.html, 64<<10)))
}

// shortText looks at no more of a text than it may need.
func shortText(text string) string {
	return clip(strings.Join(strings.Fields(clip(text, 4<<10)), " "), maxSnippet)
}
