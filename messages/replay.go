package messages

import (
	"context"
	"fmt"
	"slices"

	"github.com/mailconnector/mailconnector/permissions"
)

// replay answers a request that was done before, or ErrConflict where its key stands for another.
func (s *Service) replay(ctx context.Context, j *job) (Receipt, error) {
	stored, err := s.store.receiptOf(ctx, j.sub.UserID, j.idempotency)
	if err != nil {
		return Receipt{}, err
	}
	if stored.fingerprint != j.fingerprint {
		return Receipt{}, ErrConflict
	}
	if stored.id != j.receipt { // else the answer to our own COMMIT was lost
		if err := s.recheck(ctx, j.sub, &stored); err != nil {
			return Receipt{}, err
		}
	}
	reference, err := s.store.reference(ctx, stored.message)
	if err != nil {
		return Receipt{}, err
	}
	receipt, err := s.present(ctx, j.sub, stored.id, reference, stored.result)
	receipt.Replayed = stored.id != j.receipt
	return receipt, err
}

// present makes a receipt of a result whose records passed a check in this request.
func (s *Service) present(ctx context.Context, sub permissions.Subject, id string, about Reference, res result) (Receipt, error) {
	labels, err := s.labels(ctx, sub, res.records())
	if err != nil {
		return Receipt{}, err
	}
	receipt := Receipt{ID: id, New: res.New, Message: about, Parts: res.Parts, Problems: res.Problems}
	for _, link := range res.Links {
		receipt.Links = append(receipt.Links, LinkOutcome{Record: link.Record, Label: labels[link.Record], Created: link.Created})
	}
	return receipt, nil
}

// recheck takes out of a stored result what the subject may no longer see: links, and ids of documents.
func (s *Service) recheck(ctx context.Context, sub permissions.Subject, stored *storedReceipt) error {
	res := &stored.result
	visible, err := permissions.Visible(ctx, s.c.Permissions, sub, res.records())
	if err != nil {
		return fmt.Errorf("check links: %w", err)
	}
	seen := setOf(visible)
	res.Links = slices.DeleteFunc(res.Links, func(l linkResult) bool { return !seen[l.Record] })
	ids := make([]string, len(res.Parts))
	for i, p := range res.Parts {
		ids[i] = p.Document
	}
	documents, err := s.visibleDocuments(ctx, sub, ids)
	if err != nil {
		return err
	}
	for i, p := range res.Parts {
		if !documents[p.Document] {
			res.Parts[i].Document = ""
		}
	}
	return nil
}

func (res result) records() []permissions.Record {
	records := make([]permissions.Record, len(res.Links))
	for i, link := range res.Links {
		records[i] = link.Record
	}
	return records
}

// labels returns the display names of records that passed a check in this request.
func (s *Service) labels(ctx context.Context, sub permissions.Subject, records []permissions.Record) (map[permissions.Record]string, error) {
	if len(records) == 0 {
		return nil, nil
	}
	labels, err := s.c.Labels(ctx, sub, records)
	if err != nil {
		return nil, fmt.Errorf("read labels: %w", err)
	}
	return labels, nil
}
