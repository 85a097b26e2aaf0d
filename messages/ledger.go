package messages

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"
)

const (
	// sealEvery is the pause between two looks for events to seal.
	sealEvery = time.Second
	// sealBatch is how many events one seal covers at most.
	sealBatch = 500
)

// sealAll puts every event that waits under seals. Each seal hashes the one before, so that nothing sealed can be
// changed or left out without every later seal being wrong.
func (s *Service) sealAll(ctx context.Context) error {
	for {
		events, err := s.store.unsealed(ctx, sealBatch)
		if err != nil || len(events) == 0 {
			return err
		}
		last, err := s.store.lastSeal(ctx)
		if err != nil {
			return err
		}
		row := sealRow{Number: last.Number + 1, Previous: last.Hash, Events: len(events), Sealed: s.store.now()}
		row.Hash = sealHash(row, events)
		err = s.store.seal(ctx, row, events)
		if errors.Is(err, errRaced) { // another instance seals: its lease is younger than ours
			return nil
		}
		if err != nil {
			return fmt.Errorf("seal events: %w", err)
		}
	}
}

// sealHash covers the seal before, the seal's own fields and every event under it.
func sealHash(row sealRow, events []eventRow) []byte {
	h := sha256.New()
	head := hashOf("seal", strconv.FormatInt(row.Number, 10), string(row.Previous), strconv.Itoa(row.Events),
		strconv.FormatInt(row.Sealed, 10))
	h.Write(head[:])
	for _, e := range events {
		sum := e.hash()
		h.Write(sum[:])
	}
	return h.Sum(nil)
}

// hash covers every field but the seal.
func (r eventRow) hash() [32]byte {
	return hashOf("event", r.ID, strconv.FormatInt(r.At, 10), r.Kind, r.Actor, r.MessageID, r.RecordType, r.RecordID,
		string(r.SHA256), r.Origin, r.Receipt)
}

// LedgerReport is the result of verifying the ledger.
type LedgerReport struct {
	Seals    int64
	Events   int64 // under seals that hold
	Unsealed int64 // events that wait for the sealer
	Head     [32]byte
	Broken   string // where the chain does not hold and why; empty where all of it does
}

// VerifyLedger recomputes every seal and stops at the first that does not hold. Noting Head elsewhere now and then
// proves later that no seals were taken off the end.
func (s *Service) VerifyLedger(ctx context.Context) (LedgerReport, error) {
	waiting, err := s.store.countUnsealed(ctx) // first: what is sealed meanwhile is then among the seals
	if err != nil {
		return LedgerReport{}, err
	}
	report, previous := LedgerReport{Unsealed: waiting}, make([]byte, sha256.Size)
	for {
		seals, err := s.store.seals(ctx, report.Seals, 100)
		if err != nil {
			return report, err
		}
		for _, row := range seals {
			if report.Broken, err = s.verifySeal(ctx, row, report.Seals+1, previous); err != nil || report.Broken != "" {
				return report, err
			}
			previous = row.Hash
			report.Seals, report.Events, report.Head = row.Number, report.Events+int64(row.Events), hash32(row.Hash)
		}
		if len(seals) == 0 {
			return report, nil
		}
	}
}

// verifySeal says in words what is wrong with a seal, nothing if it holds.
func (s *Service) verifySeal(ctx context.Context, row sealRow, number int64, previous []byte) (string, error) {
	if row.Number != number {
		return fmt.Sprintf("seal %d is missing", number), nil
	}
	if !bytes.Equal(row.Previous, previous) {
		return fmt.Sprintf("seal %d does not follow seal %d", number, number-1), nil
	}
	events, err := s.store.eventsOf(ctx, number, sealBatch+1)
	if err != nil {
		return "", err
	}
	if len(events) != row.Events {
		return fmt.Sprintf("seal %d covers %d events, %d are there", number, row.Events, len(events)), nil
	}
	if want := sealHash(row, events); !bytes.Equal(row.Hash, want) {
		return fmt.Sprintf("an event under seal %d was changed: its hash is %s", number, hex.EncodeToString(want)), nil
	}
	return "", nil
}
