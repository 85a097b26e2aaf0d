package messages

import (
	"context"
	"errors"
	"fmt"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/permissions"
)

// Unlink takes back the subject's own link of a message to a record. With the last of our links that needs it, the
// message leaves the record in the CRM too, if it was us who put it there, and so do the documents that came with it;
// what others linked or the CRM itself put there stays. The message stays in the archive.
//
// It answers permissions.ErrNotFound where the subject may not see the message or the record, or the message is not on
// it, and a *permissions.DeniedError where the link is not the subject's own, or the host refuses.
func (s *Service) Unlink(ctx context.Context, sub permissions.Subject, id string, r permissions.Record) error {
	records, err := s.visibleRecords(ctx, sub, id)
	if err != nil {
		return err
	}
	if !setOf(records)[r] {
		return permissions.ErrNotFound
	}
	if err := permissions.CheckOne(ctx, s.c.Permissions, sub, permissions.Link, r); err != nil {
		return err
	}
	event := eventRow{
		ID: newID(s.c.DB.Now()), At: s.store.now(), Kind: string(EventUnlinked), Actor: sub.UserID, MessageID: id,
		RecordType: r.Type, RecordID: r.ID, Origin: string(Manual),
	}
	err = s.store.tx(ctx, func(ctx context.Context, tx *database.Tx) error { return s.unlink(ctx, tx, event) })
	switch {
	case errors.Is(err, errDone): // the answer to the COMMIT was lost
		return nil
	case errors.Is(err, errNoRow):
		return s.notTheirs(ctx, sub, id, r)
	case err != nil:
		return fmt.Errorf("unlink message %s: %w", id, err)
	}
	return nil
}

// notTheirs says why there was nothing to take back: the link is another's, or it is gone by now.
func (s *Service) notTheirs(ctx context.Context, sub permissions.Subject, id string, r permissions.Record) error {
	records, err := s.visibleRecords(ctx, sub, id)
	if err != nil {
		return err
	}
	if !setOf(records)[r] {
		return permissions.ErrNotFound
	}
	return &permissions.DeniedError{Action: permissions.Link, Record: r}
}

// unlink is the transaction. Its first statement inserts the event, which a run after a lost COMMIT meets.
func (s *Service) unlink(ctx context.Context, tx *database.Tx, event eventRow) error {
	if err := s.store.addEvent(tx, event); err != nil {
		return err
	}
	link, err := s.store.takeLink(tx, event)
	if err != nil {
		return err
	}
	if err := s.store.endRefilings(tx, []string{link.ID}); err != nil {
		return err
	}
	documents, err := s.store.takeDocuments(tx, link)
	if err != nil {
		return err
	}
	removal := Removal{Actor: permissions.Subject{UserID: link.LinkedBy}, Record: link.record(), Documents: documents}
	if link.Wrote {
		inherited, err := s.store.inheritLink(tx, link)
		if err != nil {
			return err
		}
		if !inherited {
			removal.HostID = link.HostID
		}
	}
	if removal.HostID == "" && len(removal.Documents) == 0 {
		return nil
	}
	return s.c.Filing.Remove(ctx, tx.SQL(), removal)
}
