package vtenext

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"time"
)

// labelsAge is how long the CRM's translations are kept. They tell nobody anything they may not know.
const labelsAge = time.Minute

// labels keeps the CRM's translations by language.
type labels struct {
	crm   *CRM
	mu    sync.Mutex
	kept  map[string]*translation // by what was asked for
	until time.Time
}

// translation is the CRM's dictionary of one language: words by entity type and key.
type translation map[[2]string]string

// general is the part of the dictionary that belongs to no entity type.
const general = "APP_STRINGS"

// in returns the dictionary of the language asked for (BCP 47), or of the CRM's default.
func (l *labels) in(ctx context.Context, lang string) (translation, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := l.crm.now(); now.After(l.until) {
		l.kept, l.until = make(map[string]*translation), now.Add(labelsAge)
	}
	if t := l.kept[lang]; t != nil {
		return *t, nil
	}
	language, err := l.crm.language(ctx, lang)
	if err != nil {
		return nil, fmt.Errorf("read the CRM's languages: %w", err)
	}
	t, err := l.crm.translate(ctx, language)
	if err != nil {
		return nil, fmt.Errorf("read the CRM's translations: %w", err)
	}
	if len(l.kept) < 100 { // whatever clients ask for
		l.kept[lang] = &t
	}
	return t, nil
}

// language finds the CRM's own name of a language, such as "en_us" for "en-GB": the same, one of the same tongue, or the
// default.
func (c *CRM) language(ctx context.Context, lang string) (string, error) {
	known, err := c.strings(ctx, c.db, "SELECT prefix FROM {language} WHERE active = 1 ORDER BY isdefault DESC, id")
	if err != nil || len(known) == 0 {
		return "en_us", err
	}
	wanted := strings.ToLower(strings.ReplaceAll(lang, "-", "_"))
	tongue, _, _ := strings.Cut(wanted, "_")
	var related string
	for _, name := range known {
		lower := strings.ToLower(name)
		if lower == wanted {
			return name, nil
		}
		if related == "" && tongue != "" && strings.HasPrefix(lower, tongue+"_") {
			related = name
		}
	}
	return cmp.Or(related, known[0]), nil
}

func (c *CRM) translate(ctx context.Context, language string) (translation, error) {
	rows, err := c.db.QueryContext(ctx, c.sql(`SELECT module, label, trans_label FROM sdk_language
		WHERE language = ? AND module <> '' AND label <> '' AND trans_label <> ''`), language)
	if err != nil {
		return nil, err
	}
	t := make(translation)
	return t, eachRow(rows, func(rows *sql.Rows) error {
		var of, key, word string
		if err := rows.Scan(&of, &key, &word); err != nil {
			return err
		}
		t[[2]string{of, key}] = word
		return nil
	})
}

func (t translation) word(of *entityType, keys ...string) string {
	for _, key := range keys {
		if word := cmp.Or(t[[2]string{of.name, key}], t[[2]string{general, key}]); word != "" {
			return word
		}
	}
	return keys[len(keys)-1]
}

func (t translation) plural(of *entityType) string { return t.word(of, of.name, of.label) }

func (t translation) singular(of *entityType) string {
	return t.word(of, "SINGLE_"+of.name, of.name, of.label)
}

func (t translation) field(of *entityType, f field) string { return t.word(of, f.label) }
