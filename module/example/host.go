package main

import (
	"context"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"time"

	"github.com/mailconnector/mailconnector/api/sessions"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
)

// Verify implements sessions.Accounts.
func (c *crm) Verify(ctx context.Context, given sessions.Credentials) (sessions.Account, error) {
	a, salt, want, err := c.account(ctx, "name = ?", given.UserName)
	if err != nil && !errors.Is(err, sessions.ErrInactive) {
		return a, err
	}
	got, _ := pbkdf2.Key(sha256.New, given.Password, salt, 100_000, 32) // takes as long for a name nobody has
	if subtle.ConstantTimeCompare(got, want) != 1 {
		return a, sessions.ErrInvalidCredentials
	}
	return a, nil
}

// Account implements sessions.Accounts.
func (c *crm) Account(ctx context.Context, userID string) (sessions.Account, error) {
	a, _, _, err := c.account(ctx, "id = ?", userID)
	return a, err
}

func (c *crm) account(ctx context.Context, where string, arg any) (a sessions.Account, salt, hash []byte, err error) {
	a = sessions.Account{Active: true, Language: "en", Addresses: []string{""}}
	err = c.db.QueryRowContext(ctx, "SELECT id, name, full_name, email, admin, salt, hash FROM users WHERE active AND "+where, arg).
		Scan(&a.UserID, &a.UserName, &a.DisplayName, &a.Addresses[0], &a.Admin, &salt, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		err = sessions.ErrInactive
	}
	a.CredentialStamp = fmt.Sprintf("%x", sha256.Sum256(hash))
	return a, salt, hash, err
}

// Types implements permissions.Checker. Telephone numbers are for administrators.
func (c *crm) Types(ctx context.Context, s permissions.Subject, _ string) ([]permissions.EntityType, error) {
	fields := []permissions.Field{
		{Name: "name", Label: "Name", Kind: permissions.KindName},
		{Name: "email", Label: "E-mail", Kind: permissions.KindEmail},
		{Name: "phone", Label: "Phone", Kind: permissions.KindPhone},
	}
	if a, err := c.Account(ctx, s.UserID); err != nil || !a.Admin {
		fields = fields[:2]
	}
	return []permissions.EntityType{{Name: "Contacts", Label: "Contacts", Singular: "Contact", CanLink: true, Fields: fields}}, nil
}

// Check implements permissions.Checker.
func (c *crm) Check(ctx context.Context, s permissions.Subject, a permissions.Action, records []permissions.Record) ([]permissions.Decision, error) {
	decisions := make([]permissions.Decision, len(records)) // denied
	for i, r := range records {
		var there, sees, mayChange bool
		err := c.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM records WHERE type = ?1 AND id = ?2), COUNT(*) > 0,
			COALESCE(MAX(may_change), 0) FROM access WHERE user = ?3 AND type = ?1 AND id = ?2`, r.Type, r.ID, s.UserID).
			Scan(&there, &sees, &mayChange)
		switch {
		case err != nil:
			return nil, err
		case mayChange, sees && a == permissions.View:
			decisions[i].Outcome = permissions.Allowed
		case !there:
			decisions[i].Outcome = permissions.Missing
		}
	}
	return decisions, nil
}

// Scope implements permissions.Checker. It narrows nothing: every record is a candidate, and Check decides.
func (c *crm) Scope(context.Context, permissions.Subject, string) (permissions.Scope, error) {
	return permissions.Scope{All: true}, nil
}

// Cards implements search.Source.
func (c *crm) Cards(ctx context.Context, s permissions.Subject, records []permissions.Record) (cards []search.Card, err error) {
	types, err := c.Types(ctx, s, "")
	for _, r := range records {
		docs, err := c.docs(ctx, "? = 'Contacts' AND id = (SELECT id FROM contact_access WHERE user = ? AND id = ?)", r.Type, s.UserID, r.ID)
		if err != nil {
			return nil, err
		}
		for _, d := range docs {
			card := search.Card{Record: r, Label: d.Label}
			for i, f := range types[0].Fields {
				card.Fields = append(card.Fields, search.CardField{Name: f.Name, Label: f.Label, Value: d.Entries[i].Value})
			}
			cards = append(cards, card)
		}
	}
	return cards, err
}

// Changes implements search.Source. A position is when the last one told was changed.
func (c *crm) Changes(ctx context.Context, after string, limit int) ([]search.Doc, string, error) {
	position, _ := strconv.ParseInt(after, 10, 64)
	docs, err := c.docs(ctx, "changed > ? ORDER BY changed LIMIT ?", position, limit)
	if n := len(docs); n > 0 {
		after = strconv.FormatInt(docs[n-1].Modified.UnixMicro(), 10)
	}
	return docs, after, err
}

// Digest implements search.Source.
func (c *crm) Digest(ctx context.Context, entityType string) ([]search.OwnerDigest, error) {
	return query(ctx, c.db, func(rows *sql.Rows, d *search.OwnerDigest) error { return rows.Scan(&d.Owner, &d.Count, &d.Sum) },
		"SELECT owner, COUNT(*), SUM(checksum) FROM contacts WHERE NOT deleted AND ? = 'Contacts' GROUP BY owner", entityType)
}

// Owned implements search.Source.
func (c *crm) Owned(ctx context.Context, entityType, owner string) iter.Seq2[search.Doc, error] {
	return func(yield func(search.Doc, error) bool) {
		docs, err := c.docs(ctx, "NOT deleted AND ? = 'Contacts' AND owner = ?", entityType, owner)
		if err != nil {
			yield(search.Doc{}, err)
			return
		}
		for i := 0; i < len(docs) && yield(docs[i], nil); i++ {
		}
	}
}

func (c *crm) docs(ctx context.Context, where string, args ...any) ([]search.Doc, error) {
	return query(ctx, c.db, func(rows *sql.Rows, d *search.Doc) error {
		var email, phone, changed = "", "", int64(0)
		err := rows.Scan(&d.Record.Type, &d.Record.ID, &d.Owner, &d.Label, &email, &phone, &d.Deleted, &changed)
		d.Modified = time.UnixMicro(changed).UTC()
		d.Entries = []search.Entry{
			{Field: "name", Kind: permissions.KindName, Value: d.Label},
			{Field: "email", Kind: permissions.KindEmail, Value: email},
			{Field: "phone", Kind: permissions.KindPhone, Value: phone},
		}
		return err
	}, "SELECT 'Contacts', id, owner, name, email, phone, deleted, changed FROM contacts WHERE "+where, args...)
}
