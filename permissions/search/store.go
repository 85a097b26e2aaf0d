package search

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/permissions"
)

// batchRows is the number of rows of one INSERT, bounded by the 32,766 parameters SQLite takes.
const batchRows = 1000

type store struct {
	db         *database.DB
	statements *statements
	words      *wordSet
}

type docRow struct {
	ID          int64
	Type        int32
	Record      string
	Owner       int32
	Checksum    int64
	Modified    int64
	IsOpen      bool
	Label       string
	Fingerprint []byte
	Pairs       pairs
}

func (docRow) TableName() string { return "mc_search_docs" }

type parentRow struct {
	Doc    int64
	Type   int32
	Record string
}

func (parentRow) TableName() string { return "mc_search_parents" }

type choiceRow struct {
	UserID  string
	Address []byte
	Type    string
	Record  string
	Chosen  int64
}

func (choiceRow) TableName() string { return "mc_search_choices" }

// indexed reads the rows of those documents that the index has, by their record.
func (s store) indexed(g *gorm.DB, n *names, docs []Doc) (map[permissions.Record]docRow, error) {
	byType := make(map[int32][]string)
	for _, d := range docs {
		if id, known := n.id(typeName, d.Record.Type); known {
			byType[id] = append(byType[id], d.Record.ID)
		}
	}
	found := make(map[permissions.Record]docRow, len(docs))
	for typeID, ids := range byType {
		var rows []docRow
		if err := g.Where("type = ? AND record IN ?", typeID, ids).Find(&rows).Error; err != nil {
			return nil, fmt.Errorf("read indexed documents: %w", err)
		}
		for _, r := range rows {
			found[permissions.Record{Type: n.name(typeID), ID: r.Record}] = r
		}
	}
	return found, nil
}

// remove takes documents out of the index.
func (s store) remove(g *gorm.DB, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	if err := s.clear(g, ids); err != nil {
		return err
	}
	return wrap("remove documents", g.Where("id IN ?", ids).Delete(&docRow{}).Error)
}

// clear removes what hangs on documents.
func (s store) clear(g *gorm.DB, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	if err := g.Exec("DELETE FROM mc_search_terms WHERE doc IN ?", ids).Error; err != nil {
		return fmt.Errorf("remove terms: %w", err)
	}
	return wrap("remove parents", g.Where("doc IN ?", ids).Delete(&parentRow{}).Error)
}

// insert writes the rows of documents whose earlier rows were cleared.
func (s store) insert(g *gorm.DB, docs []docRow, terms []writtenTerm, parents []parentRow) error {
	if len(docs) > 0 {
		if err := g.CreateInBatches(docs, batchRows).Error; err != nil {
			return fmt.Errorf("write documents: %w", err)
		}
	}
	if err := s.insertTerms(g, terms); err != nil {
		return fmt.Errorf("write terms: %w", err)
	}
	if len(parents) > 0 {
		return wrap("write parents", g.CreateInBatches(parents, batchRows).Error)
	}
	return nil
}

// insertTerms writes most of the rows of an index, so it goes without gorm.
func (s store) insertTerms(g *gorm.DB, terms []writtenTerm) error {
	args := make([]any, 0, 7*batchRows)
	for part := range slices.Chunk(terms, batchRows) {
		args = args[:0]
		for _, t := range part {
			args = append(args, t.Doc, t.Kind, t.Term, t.Field, t.entityType, t.Owner, int64(t.pairs))
		}
		_, err := g.Statement.ConnPool.ExecContext(g.Statement.Context,
			"INSERT INTO mc_search_terms (doc, kind, term, field, type, owner, pairs) VALUES (?,?,?,?,?,?,?)"+
				strings.Repeat(",(?,?,?,?,?,?,?)", len(part)-1), args...)
		if err != nil {
			return err
		}
	}
	return nil
}

// nextID is the first id no document has. Ids count down, and a changed document gets a new one, so that the order of
// the index is the latest document first. Only the holder of the refresher's lease writes; should two ever do, the
// primary key makes the second fail and start over.
func (s store) nextID(g *gorm.DB) (int64, error) {
	var last int64
	err := g.Model(&docRow{}).Select("COALESCE(MIN(id), 0)").Scan(&last).Error
	return min(last, 0) - 1, wrap("read last document id", err)
}

// docs reads documents by their ids, in no particular order.
func (s store) docs(ctx context.Context, ids []int64) ([]docRow, error) {
	docs := make([]docRow, 0, len(ids))
	for part := range slices.Chunk(ids, longestList) {
		list := fill(part)
		err := s.statements.read(ctx, "read documents", func(rows *sql.Rows) error {
			var d docRow
			err := rows.Scan(&d.ID, &d.Type, &d.Record, &d.Owner, &d.Modified, &d.Label)
			docs = append(docs, d)
			return err
		}, "SELECT id, type, record, owner, modified, label FROM mc_search_docs WHERE id IN "+in(list), list...)
		if err != nil {
			return nil, err
		}
	}
	return docs, nil
}

// owned lists the ids of an owner's indexed documents of a type by their record.
func (s store) owned(ctx context.Context, typeID, owner int32) (map[string]int64, error) {
	var rows []docRow
	err := s.db.Gorm(ctx).Select("id", "record").Where("type = ? AND owner = ?", typeID, owner).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read documents of an owner: %w", err)
	}
	ids := make(map[string]int64, len(rows))
	for _, r := range rows {
		ids[r.Record] = r.ID
	}
	return ids, nil
}

type digestRow struct {
	Owner int32
	Count int64
	Sum   int64
}

// digest sums up the index as [Source.Digest] sums up the host.
func (s store) digest(ctx context.Context, typeID int32) ([]digestRow, error) {
	var rows []digestRow
	err := s.db.Gorm(ctx).Model(&docRow{}).Select("owner, COUNT(*) AS count, SUM(checksum) AS sum").
		Where("type = ?", typeID).Group("owner").Scan(&rows).Error
	return rows, wrap("digest documents", err)
}

func (s store) documents(ctx context.Context) (n int64, err error) {
	err = s.db.Gorm(ctx).Model(&docRow{}).Count(&n).Error
	return n, wrap("count documents", err)
}

// choose notes that a user linked a record for an address.
func (s store) choose(ctx context.Context, rows []choiceRow) error {
	replace := clause.OnConflict{UpdateAll: true}
	return wrap("note a choice", s.db.Gorm(ctx).Clauses(replace).Create(rows).Error)
}

// choices lists what a user chose for the addresses, the latest first.
func (s store) choices(ctx context.Context, userID string, addresses [][]byte, limit int) ([]choiceRow, error) {
	if len(addresses) == 0 {
		return nil, nil
	}
	var list []choiceRow
	keys := fill(addresses)
	err := s.statements.read(ctx, "read choices", func(rows *sql.Rows) error {
		var c choiceRow
		err := rows.Scan(&c.Address, &c.Type, &c.Record)
		list = append(list, c)
		return err
	}, "SELECT address, type, record FROM mc_search_choices WHERE user_id = ? AND address IN "+in(keys)+
		" ORDER BY chosen DESC, type, record LIMIT ?", join([]any{userID}, keys, []any{limit})...)
	return list, err
}

// recent lists what a user chose for any address, the latest first.
func (s store) recent(ctx context.Context, userID string, limit int) ([]permissions.Record, error) {
	return s.chosen(s.db.Gorm(ctx).Where("user_id = ?", userID), limit)
}

func (s store) chosen(g *gorm.DB, limit int) ([]permissions.Record, error) {
	var rows []choiceRow
	err := g.Model(&choiceRow{}).Select("type, record, MAX(chosen) AS chosen").Group("type, record").
		Order("chosen DESC, type, record").Limit(limit).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read choices: %w", err)
	}
	records := make([]permissions.Record, len(rows))
	for i, r := range rows {
		records[i] = permissions.Record{Type: r.Type, ID: r.Record}
	}
	return records, nil
}

// state is how far the index has come.
type state struct {
	Position string    `json:"position"` // of the host's changes
	Built    bool      `json:"built"`    // the first pass has seen every record
	Unsorted bool      `json:"unsorted"` // the first pass writes without the orders of terms
	Sorting  bool      `json:"sorting"`  // it has seen every record and brings them about again
	Changed  time.Time `json:"changed"`  // the last time the host had changes
	Compared time.Time `json:"compared"` // the last time the digests were compared
	Key      []byte    `json:"key"`      // encrypts cursors
	Rules    int       `json:"rules"`    // by which documents were taken apart
}

const stateSetting = "search.index"

func (s store) state(ctx context.Context) (state, error) {
	var st state
	_, err := s.db.Setting(ctx, stateSetting, &st)
	return st, err
}

func (s store) setState(ctx context.Context, st state) error {
	return s.db.SetSetting(ctx, stateSetting, st)
}

func wrap(doing string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}
