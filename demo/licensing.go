package demo

import (
	"context"
	"errors"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/licensing"
)

// Licensing opens the license of a demo without serving it, as the command line does while the demo runs or not. url is
// where the demo is reached, which licenses name. Call done when finished.
func Licensing(ctx context.Context, c Config, url string) (service *licensing.Service, done func() error, err error) {
	c, err = c.withDefaults()
	if err != nil {
		return nil, nil, err
	}
	vendor, err := openVendor(c.DataDir)
	if err != nil {
		return nil, nil, err
	}
	pool, dialect, err := openDatabase(c)
	if err != nil {
		return nil, nil, err
	}
	db, err := database.New(pool, database.Options{Dialect: database.Dialect(dialect), Logger: c.Logger})
	if err != nil {
		return nil, nil, errors.Join(err, pool.Close())
	}
	if err := db.Migrate(ctx, append(database.Migrations(), licensing.Migrations()...)); err != nil {
		return nil, nil, errors.Join(err, pool.Close())
	}
	service, err = licensing.New(licensing.Config{
		DB: db, VendorKeys: []licensing.PublicKey{vendor.root.Public()}, CRMURL: url, Installation: Installation, Logger: c.Logger,
	})
	if err != nil {
		return nil, nil, errors.Join(err, pool.Close())
	}
	return service, pool.Close, nil
}
