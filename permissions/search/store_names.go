package search

import (
	"fmt"
	"maps"
	"sync"

	"gorm.io/gorm"
)

// The kinds of names that the index keeps as numbers.
const (
	typeName  = "type"
	ownerName = "owner"
	fieldName = "field" // "Contacts.email"
)

// names numbers entity types, owners and fields. Numbers are given out once and never change, so what was read stays
// true. It is safe for concurrent use.
type names struct {
	mu     sync.RWMutex
	ids    map[nameKey]int32
	names  map[int32]string
	counts map[string]int // by kind
}

type nameKey struct{ kind, name string }

type nameRow struct {
	ID   int32
	Kind string
	Name string
}

func (nameRow) TableName() string { return "mc_search_names" }

func newNames() *names {
	return &names{ids: make(map[nameKey]int32), names: make(map[int32]string), counts: make(map[string]int)}
}

// id returns the number of a name that was read or added before.
func (n *names) id(kind, name string) (int32, bool) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	id, ok := n.ids[nameKey{kind, name}]
	return id, ok
}

// known returns the numbers of those names that have one.
func (n *names) known(kind string, list []string) []int32 {
	n.mu.RLock()
	defer n.mu.RUnlock()
	ids := make([]int32, 0, len(list))
	for _, name := range list {
		if id, ok := n.ids[nameKey{kind, name}]; ok {
			ids = append(ids, id)
		}
	}
	return ids
}

func (n *names) name(id int32) string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.names[id]
}

// count returns how many names of a kind there are.
func (n *names) count(kind string) int {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.counts[kind]
}

// types lists the entity types of the index by their number.
func (n *names) types() map[int32]string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	types := make(map[int32]string)
	for key, id := range n.ids {
		if key.kind == typeName {
			types[id] = key.name
		}
	}
	return types
}

// read takes over the names that were added since the last reading, by this process or another.
func (n *names) read(g *gorm.DB) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	var rows []nameRow
	if err := g.Where("id > ?", len(n.names)).Order("id").Find(&rows).Error; err != nil {
		return fmt.Errorf("read names of the index: %w", err)
	}
	for _, r := range rows {
		n.ids[nameKey{r.Kind, r.Name}], n.names[r.ID] = r.ID, r.Name
		n.counts[r.Kind]++
	}
	return nil
}

// add numbers the names that have no number yet. The numbers count once the transaction of g has committed and
// [names.read] was called again; until then they are in the answer only.
func (n *names) add(g *gorm.DB, wanted map[nameKey]bool) (map[nameKey]int32, error) {
	n.mu.RLock()
	known := maps.Clone(n.ids)
	next := int32(len(n.names)) + 1
	n.mu.RUnlock()
	var rows []nameRow
	for key := range wanted {
		if _, ok := known[key]; !ok {
			known[key] = next
			rows = append(rows, nameRow{ID: next, Kind: key.kind, Name: key.name})
			next++
		}
	}
	if len(rows) == 0 {
		return known, nil
	}
	if err := g.CreateInBatches(rows, batchRows).Error; err != nil {
		return nil, fmt.Errorf("number names of the index: %w", err)
	}
	return known, nil
}
