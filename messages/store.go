package messages

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"github.com/mailconnector/mailconnector/internal/database"
)

// What a store tells the use cases.
var (
	// errNoRow says that a row is not there.
	errNoRow = errors.New("no such row")
	// errRaced says that another request was quicker: what was read before the transaction no longer holds.
	errRaced = errors.New("another request was quicker")
	// errDone says that a receipt, or an event, of this request is there already.
	errDone = errors.New("request was done before")
)

// maxRows bounds one INSERT, far below the number of parameters that a statement may have.
const maxRows = 500

// store is the database side of the service. Its methods translate what a database says into the errors above; methods
// that take a Tx run inside it.
type store struct{ db *database.DB }

func (s store) now() int64 { return database.Micros(s.db.Now()) }

func (s store) gorm(ctx context.Context) *gorm.DB { return s.db.Gorm(ctx) }

// tx runs fn in a transaction.
func (s store) tx(ctx context.Context, fn func(ctx context.Context, tx *database.Tx) error) error {
	return s.db.Tx(ctx, fn)
}

// insert writes rows in few statements. A row that is there already means that another request was quicker.
func insert[T any](tx *database.Tx, what string, rows []T) error {
	if len(rows) == 0 {
		return nil
	}
	return raced(what, tx.Gorm().CreateInBatches(rows, maxRows).Error)
}

func raced(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case database.IsDuplicate(err):
		return fmt.Errorf("insert %s: %w", what, errRaced)
	default:
		return fmt.Errorf("insert %s: %w", what, err)
	}
}

func noRow(err error) error {
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return errNoRow
	}
	return err
}

// hash32 reads a hash column; NULL is the zero hash.
func hash32(b []byte) (sum [32]byte) {
	copy(sum[:], b)
	return sum
}

// bytes32 writes a hash column; the zero hash is NULL.
func bytes32(sum [32]byte) []byte {
	if sum == ([32]byte{}) {
		return nil
	}
	return sum[:]
}
