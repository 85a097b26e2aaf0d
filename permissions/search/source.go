package search

import (
	"context"
	"hash/crc32"
	"iter"
	"time"

	"github.com/mailconnector/mailconnector/permissions"
)

// Source is the port through which a host offers its records for searching. Implementations are safe for concurrent
// use. What Changes, Digest and Owned return feeds the index and is never shown; what a person sees comes from Cards.
type Source interface {
	// Cards describes records as the subject may see them, in the order asked, from fields visible to the subject
	// only. Records that are gone or not visible are left out.
	Cards(ctx context.Context, s permissions.Subject, records []permissions.Record) ([]Card, error)

	// Changes returns at most limit records changed after a position of its own making, oldest change first, and the
	// position to go on from. An empty position starts with the first record there is; deleted records are told once
	// more with [Doc.Deleted]. The answer may repeat what was told before, never leave anything out. Fewer than limit
	// records mean that there is no more for now.
	Changes(ctx context.Context, after string, limit int) (docs []Doc, next string, err error)

	// Digest sums up who owns which records of a type. It finds what Changes cannot: transfers of ownership that
	// leave the modified time alone.
	Digest(ctx context.Context, entityType string) ([]OwnerDigest, error)

	// Owned streams every record of a type that an owner has, to mend the index where a digest differs.
	Owned(ctx context.Context, entityType, owner string) iter.Seq2[Doc, error]
}

// Card is a record as one subject may see it.
type Card struct {
	Record   permissions.Record
	Label    string // the display name, plain text
	Number   string // the CRM's own record number, "CON123"; may be empty
	Subtitle string // what tells this record from its namesakes: a company, an address, a stage
	Fields   []CardField
	URL      string // the record's page in the CRM; may be empty
	// Parents are the persons and companies this record belongs to that the subject may view, by fields visible to the
	// subject: nobody learns from a suggestion what belongs to whom.
	Parents []permissions.Record
	// Successor is set on a record that became another, as a converted lead became a contact.
	Successor *permissions.Record
}

// CardField is one labelled value of a card.
type CardField struct {
	Name  string // the CRM's field name
	Label string // in the subject's language
	Value string // plain text
}

// Doc is a record as the index keeps it, seen by no one.
type Doc struct {
	Record    permissions.Record
	Owner     string // user or group id
	Label     string
	Modified  time.Time
	Deleted   bool
	Open      bool                 // a deal or ticket that is not closed
	Parents   []permissions.Record // the person or company this record belongs to
	Successor *permissions.Record  // the record this one became
	Entries   []Entry
}

// Entry is one value to be found by. Its field decides who finds the record by it.
type Entry struct {
	Field string // the CRM's field name
	Kind  permissions.FieldKind
	Value string
}

// OwnerDigest sums up the records of one owner: how many, and the sum of [Checksum] over their ids.
type OwnerDigest struct {
	Owner string
	Count int64
	Sum   int64
}

// Checksum is the summand of [OwnerDigest.Sum]: the CRC-32 (IEEE) of the record's id, which MySQL and MariaDB compute
// as CRC32(id), so that a host can sum it up in one statement.
func Checksum(recordID string) int64 {
	return int64(crc32.ChecksumIEEE([]byte(recordID)))
}
