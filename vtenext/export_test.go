package vtenext

import "context"

// Tab lists the messages of a record without asking whether the user may view it, as the CRM's own list does.
func (p *Permissions) Tab(ctx context.Context, user, record string) ([]string, error) {
	policy, err := p.fresh.policy(ctx)
	if err != nil {
		return nil, err
	}
	return p.inquire(policy, user).tab(ctx, record)
}
