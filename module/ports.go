package module

import (
	"context"

	"github.com/mailconnector/mailconnector/permissions"
)

// labels names records for the messages service as the subject may see them now.
func (e *Extension) labels(ctx context.Context, s permissions.Subject, records []permissions.Record) (map[permissions.Record]string, error) {
	cards, err := e.config.Host.Records.Cards(ctx, s, records)
	if err != nil {
		return nil, err
	}
	labels := make(map[permissions.Record]string, len(cards))
	for _, c := range cards {
		labels[c.Record] = c.Label
	}
	return labels, nil
}

// userName is the display name of a user, or nothing for one who is gone.
func (e *Extension) userName(ctx context.Context, userID string) string {
	account, err := e.config.Host.Accounts.Account(ctx, userID)
	if err != nil {
		return ""
	}
	return account.DisplayName
}

// product names the CRM; a host that does not say is an unknown product.
func (e *Extension) product(ctx context.Context) (Product, error) {
	if e.config.Host.Product == nil {
		return Product{}, nil
	}
	return e.config.Host.Product(ctx)
}
