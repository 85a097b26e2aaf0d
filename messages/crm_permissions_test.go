package messages_test

import (
	"context"
	"slices"

	"github.com/mailconnector/mailconnector/permissions"
)

// Types implements permissions.Checker.
func (c *crm) Types(context.Context, permissions.Subject, string) ([]permissions.EntityType, error) {
	return nil, nil
}

// Scope implements permissions.Checker.
func (c *crm) Scope(context.Context, permissions.Subject, string) (permissions.Scope, error) {
	return permissions.Scope{All: true}, nil
}

// Check implements permissions.Checker: what is neither deleted, hidden nor denied is allowed.
func (c *crm) Check(_ context.Context, s permissions.Subject, a permissions.Action, records []permissions.Record) ([]permissions.Decision, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	decisions := make([]permissions.Decision, len(records))
	for i, r := range records {
		switch {
		case c.gone[r]:
			decisions[i].Outcome = permissions.Missing
		case c.hidden[s.UserID][r], c.denied[s.UserID][a]:
			decisions[i].Outcome = permissions.Denied
		default:
			decisions[i].Outcome = permissions.Allowed
		}
	}
	return decisions, nil
}

func (c *crm) isGone(r permissions.Record) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.gone[r]
}

// hide takes records out of a user's sight.
func (c *crm) hide(user permissions.Subject, records ...permissions.Record) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.hidden[user.UserID] == nil {
		c.hidden[user.UserID] = make(map[permissions.Record]bool)
	}
	for _, r := range records {
		c.hidden[user.UserID][r] = true
	}
}

// deny refuses an action to a user, whatever it is about.
func (c *crm) deny(user permissions.Subject, a permissions.Action) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.denied[user.UserID] == nil {
		c.denied[user.UserID] = make(map[permissions.Action]bool)
	}
	c.denied[user.UserID][a] = true
}

func (c *crm) remove(r permissions.Record) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gone[r] = true
}

// labels names records by their ids, for what the user may see.
func (c *crm) labels(ctx context.Context, s permissions.Subject, records []permissions.Record) (map[permissions.Record]string, error) {
	visible, err := permissions.Visible(ctx, c, s, records)
	labels := make(map[permissions.Record]string)
	for _, r := range visible {
		labels[r] = "Record " + r.ID
	}
	return labels, err
}

// fileNames lists the files in the host's storage.
func (c *crm) fileNames() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var names []string
	for name := range c.files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// forgive forgets all that was hidden, denied, deleted or armed.
func (c *crm) forgive() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.hidden)
	clear(c.denied)
	clear(c.gone)
	c.onPrepare, c.onPrepared, c.onApply, c.onApplied, c.onRemove = nil, nil, nil, nil, nil
}
