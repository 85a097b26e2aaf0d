package messages

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/mailconnector/mailconnector/documents"
)

const (
	// maxFaults bounds what a report lists; further ones are counted.
	maxFaults = 1000
	// verifyBatch is how many rows are looked at between two queries.
	verifyBatch = 100
)

// VerifyReport is the result of verifying the archive.
type VerifyReport struct {
	Ledger LedgerReport
	Copies int64 // of mails, each read to its end
	Parts  int64 // likewise
	Bytes  int64 // read
	// Faults are what is wrong, the first thousand; Failed counts all.
	Faults []Fault
	Failed int64
}

// Holds reports whether nothing is wrong: the ledger is whole, and everything has the bytes that it says.
func (r VerifyReport) Holds() bool { return r.Ledger.Broken == "" && r.Failed == 0 }

// Fault is something that is not as it was archived.
type Fault struct {
	Message string // its id
	Part    int    // 0 is the mail
	Detail  string // one sentence for an operator
}

func (r *VerifyReport) add(f Fault) {
	if r.Failed++; len(r.Faults) < maxFaults {
		r.Faults = append(r.Faults, f)
	}
}

// Verify recomputes the ledger, reads every archived copy and part to its end against its recorded hash, and holds copies
// and ledger against each other: a copy that was changed together with its hash, or taken out, is found by the event that
// names it. It takes as long as reading all content once or twice does, and little memory. Like Export it is the operator's.
func (s *Service) Verify(ctx context.Context) (r VerifyReport, err error) {
	if r.Ledger, err = s.VerifyLedger(ctx); err != nil {
		return r, err
	}
	if err = s.verifyCopies(ctx, &r); err != nil {
		return r, err
	}
	err = s.matchEvents(ctx, &r)
	return r, err
}

// verifyCopies reads every copy, in the order of their ids.
func (s *Service) verifyCopies(ctx context.Context, r *VerifyReport) error {
	after := ""
	for {
		rows, err := s.store.renditions(ctx, after, verifyBatch)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, row := range rows {
			if err := s.verifyCopy(ctx, r, row); err != nil {
				return fmt.Errorf("verify message %s: %w", row.MessageID, err)
			}
			after = row.ID
		}
	}
}

// matchEvents holds copies and ledger against each other.
func (s *Service) matchEvents(ctx context.Context, r *VerifyReport) error {
	lost, err := s.store.unmatchedEvents(ctx, maxFaults)
	if err != nil {
		return err
	}
	for _, e := range lost {
		r.add(Fault{Message: e.MessageID, Detail: fmt.Sprintf("The copy that event %s records is not in the archive.", e.ID)})
	}
	unknown, err := s.store.unrecorded(ctx, maxFaults)
	for _, row := range unknown {
		r.add(Fault{Message: row.MessageID, Detail: "A copy is in the archive that no event records."})
	}
	return err
}

// verifyCopy reads a copy and what it brought.
func (s *Service) verifyCopy(ctx context.Context, r *VerifyReport, row renditionRow) error {
	parts, err := s.store.parts(ctx, row.ID)
	if err != nil {
		return err
	}
	whole := part{blob: row.BlobKey, length: -1}
	whole.SHA256 = hash32(row.SHA256)
	r.Copies++
	if err := s.verifyPart(ctx, r, row.MessageID, whole); err != nil {
		return err
	}
	for _, p := range parts {
		if p.blob == "" {
			continue
		}
		r.Parts++
		if err := s.verifyPart(ctx, r, row.MessageID, p); err != nil {
			return err
		}
	}
	return nil
}

// verifyPart reads decoded bytes. What is wrong with them goes into the report; an error is of the store.
func (s *Service) verifyPart(ctx context.Context, r *VerifyReport, message string, p part) error {
	content, err := s.open(ctx, p)
	if err == nil {
		checked := &checking{r: content, hash: sha256.New(), want: p.SHA256}
		_, err = io.Copy(io.Discard, checked)
		_ = content.Close() // it was only read
		r.Bytes += checked.size
	}
	switch {
	case errors.Is(err, documents.ErrNoContent):
		r.add(Fault{Message: message, Part: p.Number, Detail: "Its bytes are gone from the content store."})
	case errors.Is(err, ErrCorrupt):
		r.add(Fault{Message: message, Part: p.Number, Detail: "Its bytes have another hash than when they were archived."})
	case err != nil:
		return err
	}
	return nil
}
