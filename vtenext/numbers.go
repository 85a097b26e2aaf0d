package vtenext

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
)

// maxNumberRaces is how often a reservation of record numbers is lost to others before it is given up.
const maxNumberRaces = 100

// numbers takes n record numbers of an entity type, such as DOC7 and DOC8. The CRM does so under LOCK TABLES; a
// conditional update in a statement of its own waits for that lock, holds none itself, and gives no number twice. An
// entity type that is not numbered has empty ones.
func (c *CRM) numbers(ctx context.Context, conn *sql.Conn, entityType string, n int) ([]string, error) {
	for range maxNumberRaces {
		numbers, taken, err := c.takeNumbers(ctx, conn, entityType, n)
		if err != nil {
			return nil, fmt.Errorf("take record numbers of %s: %w", entityType, err)
		}
		if taken {
			return numbers, nil
		}
	}
	return nil, fmt.Errorf("take record numbers of %s: others were quicker %d times", entityType, maxNumberRaces)
}

type numbering struct{ prefix, current string }

// takeNumbers is one attempt. It reports whether nobody else was quicker.
func (c *CRM) takeNumbers(ctx context.Context, conn *sql.Conn, entityType string, n int) ([]string, bool, error) {
	found, err := collect(ctx, conn, func(rows *sql.Rows) (s numbering, err error) {
		return s, rows.Scan(&s.prefix, &s.current)
	}, c.sql("SELECT prefix, cur_id FROM {modentity_num} WHERE semodule = ? AND active = 1 ORDER BY num_id LIMIT 1"), entityType)
	if err != nil {
		return nil, false, err
	}
	numbers := make([]string, n)
	if len(found) == 0 {
		return numbers, true, nil
	}
	current := found[0].current
	for i := range numbers {
		numbers[i] = found[0].prefix + current
		if current, err = successor(current); err != nil {
			return nil, false, err
		}
	}
	taken, err := affected(conn.ExecContext(ctx,
		c.sql("UPDATE {modentity_num} SET cur_id = ? WHERE cur_id = ? AND active = 1 AND semodule = ?"),
		current, found[0].current, entityType))
	return numbers, taken, err
}

// successor counts on and keeps leading zeros: after 099 comes 100.
func successor(number string) (string, error) {
	n, err := strconv.ParseUint(number, 10, 63)
	if err != nil {
		return "", fmt.Errorf("current number: %w", err)
	}
	next := strconv.FormatUint(n+1, 10)
	return strings.Repeat("0", max(0, len(number)-len(next))) + next, nil
}
