package database

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Lease is the right of one holder to do a piece of background work until a time. It is a row that is only ever changed
// by a statement that names the version it saw, so it excludes on every database, a Galera cluster included; GET_LOCK
// and FOR UPDATE do not. Its methods are for one goroutine at a time.
type Lease struct {
	db      *DB
	name    string
	version int64
	ttl     time.Duration
}

type leaseRow struct {
	version int64
	expires int64
}

// AcquireLease takes the lease of a name for ttl, if nobody holds it or its holder let it run out. False without an
// error means that another holds it, or was quicker. holder tells people who holds the lease; the same holder does not
// get it twice, and where the answer of the database was lost, nobody holds it until it runs out. Name and holder have at
// most 100 bytes, ttl is at least a millisecond.
func (d *DB) AcquireLease(ctx context.Context, name, holder string, ttl time.Duration) (*Lease, bool, error) {
	if err := checkLease(name, holder, ttl); err != nil {
		return nil, false, err
	}
	l := &Lease{db: d, name: name, ttl: ttl}
	ok, err := l.take(ctx, holder)
	if err != nil {
		return nil, false, fmt.Errorf("acquire lease %q: %w", name, err)
	}
	if !ok {
		return nil, false, nil
	}
	return l, true, nil
}

func checkLease(name, holder string, ttl time.Duration) error {
	if ttl < time.Millisecond {
		return fmt.Errorf("lease %q: time to live %s is too short", name, ttl)
	}
	return errors.Join(checkName("name of a lease", name), checkName("holder of a lease", holder))
}

// Renew extends the lease to ttl from now. False without an error means that the lease is lost: it ran out and another
// took it, and the work must stop. A lease that ran out and that nobody took is renewed.
func (l *Lease) Renew(ctx context.Context) (bool, error) {
	_, err := l.db.exec(ctx, "UPDATE mc_leases SET expires = ? WHERE name = ? AND version = ?",
		Micros(l.db.Now().Add(l.ttl)), l.name, l.version)
	if err != nil {
		return false, fmt.Errorf("renew lease %q: %w", l.name, err)
	}
	// The version, not the count of changed rows: an update run twice, or within the same microsecond, changes none.
	row, found, err := l.read(ctx)
	if err != nil {
		return false, fmt.Errorf("renew lease %q: %w", l.name, err)
	}
	return found && row.version == l.version, nil
}

// Release gives the lease up for others to take at once. Releasing a lost lease does nothing.
func (l *Lease) Release(ctx context.Context) error {
	_, err := l.db.exec(ctx, "UPDATE mc_leases SET expires = 0, version = version + 1 WHERE name = ? AND version = ?",
		l.name, l.version)
	if err != nil {
		return fmt.Errorf("release lease %q: %w", l.name, err)
	}
	return nil
}

func (l *Lease) take(ctx context.Context, holder string) (bool, error) {
	row, found, err := l.read(ctx)
	if err != nil {
		return false, err
	}
	now := l.db.Now()
	until := Micros(now.Add(l.ttl))
	if !found {
		return l.insert(ctx, holder, until)
	}
	if row.expires > Micros(now) {
		return false, nil
	}
	l.version = row.version + 1
	return l.db.changed(ctx,
		"UPDATE mc_leases SET holder = ?, version = ?, expires = ? WHERE name = ? AND version = ? AND expires = ?",
		holder, l.version, until, l.name, row.version, row.expires)
}

func (l *Lease) insert(ctx context.Context, holder string, until int64) (bool, error) {
	l.version = 1
	_, err := l.db.exec(ctx, "INSERT INTO mc_leases (name, holder, version, expires) VALUES (?, ?, ?, ?)",
		l.name, holder, l.version, until)
	if IsDuplicate(err) {
		return false, nil
	}
	return err == nil, err
}

func (l *Lease) read(ctx context.Context) (row leaseRow, found bool, err error) {
	found, err = l.db.row(ctx, []any{&row.version, &row.expires},
		"SELECT version, expires FROM mc_leases WHERE name = ?", l.name)
	return row, found, err
}
