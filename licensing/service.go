package licensing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/mailconnector/mailconnector/internal/database"
)

// DefaultProduct is what licenses are for unless [Config.Product] says otherwise.
const DefaultProduct = "mailconnector"

// Config is what a [Service] needs to know of its installation.
type Config struct {
	// DB holds the tables of [Migrations]. Required.
	DB *database.DB
	// VendorKeys are the keys that sign licenses. Several are trusted at once, so that the vendor can change its key.
	// Required: without one no license could be activated.
	VendorKeys []PublicKey
	// CRMURL is the address of the CRM, which licenses name. Required.
	CRMURL string
	// Installation is the name of the CRM, which licenses name too. Required.
	Installation string
	// Product is what licenses have to be for. Defaults to [DefaultProduct].
	Product string
	// Now is the clock. Defaults to time.Now.
	Now func() time.Time
	// Logger receives activations and changes of seats, with ids and serials only. Defaults to discarding.
	Logger *slog.Logger
}

// Service keeps the license and the seats of one installation. It is safe for concurrent use, by several instances on
// one database too; they agree within a second.
type Service struct {
	store store
	keys  []PublicKey
	place Place // without the moment
	clock func() time.Time
	log   *slog.Logger
	cache cache
}

// New checks the configuration and does nothing else; the tables are first touched by the methods.
func New(c Config) (*Service, error) {
	if c.Product == "" {
		c.Product = DefaultProduct
	}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("licensing: %w", err)
	}
	s := &Service{
		store: store{c.DB},
		keys:  append([]PublicKey{}, c.VendorKeys...),
		place: Place{Installation: c.Installation, CRMURL: c.CRMURL, Product: c.Product},
		clock: c.Now,
		log:   c.Logger,
		cache: newCache(),
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s, nil
}

func (c Config) check() error {
	if c.DB == nil {
		return errors.New("no database given")
	}
	if len(c.VendorKeys) == 0 {
		return errors.New("no vendor key given: no license could be activated")
	}
	for _, key := range c.VendorKeys {
		if key == (PublicKey{}) {
			return fmt.Errorf("%w: a vendor key is empty", ErrKey)
		}
	}
	_, err := NormalizeURL(c.CRMURL)
	return errors.Join(err, checkName("installation", c.Installation), checkName("product", c.Product))
}

// Request is the order of this installation for a number of users; its Text is what the customer sends to a partner.
func (s *Service) Request(users int) Request {
	return Request{Installation: s.place.Installation, CRMURL: s.place.CRMURL, Users: users, Product: s.place.Product}
}

// Activate stores a license in place of the present one, which stays in the history. Only a genuine license that is in
// force here and now is stored, so a mistake never replaces a good one: else it returns the errors of [Verify], or
// a [*StateError]. Seats beyond the new number are kept but no longer in force, the last assigned first.
//
// A license never activated here before also mends an installation that refuses everything because its clock once ran
// ahead: the vendor's date is taken for the latest moment known.
func (s *Service) Activate(ctx context.Context, actor, document string) (Status, error) {
	if err := checkID("actor", actor); err != nil {
		return Status{}, err
	}
	l, err := Verify(document, s.keys...)
	if err != nil {
		return Status{}, fmt.Errorf("activate license: %w", err)
	}
	if err := s.activatable(ctx, l); err != nil {
		return Status{}, fmt.Errorf("activate license: %w", err)
	}
	if err := s.store.activate(ctx, l, actor, s.clock()); err != nil {
		return Status{}, fmt.Errorf("activate license: %w", err)
	}
	s.cache.forget()
	s.log.InfoContext(ctx, "license activated", "serial", l.Serial, "users", l.Users, "actor", actor)
	return s.Status(ctx)
}

func (s *Service) activatable(ctx context.Context, l License) error {
	now, err := s.fresh(ctx)
	if err != nil {
		return err
	}
	seen, err := s.store.seen(ctx, l.Serial)
	if err != nil {
		return err
	}
	place := now.place
	if !seen {
		place.Latest = time.Time{}
	}
	return inForce(Validate(l, place), l, place)
}

// Deactivate ends the license; until another is activated users cannot work. Seats stay as they are. It is no error
// when none is active.
func (s *Service) Deactivate(ctx context.Context, actor string) error {
	if err := checkID("actor", actor); err != nil {
		return err
	}
	if err := s.store.deactivate(ctx, actor, s.clock()); err != nil {
		return fmt.Errorf("deactivate license: %w", err)
	}
	s.cache.forget()
	s.log.InfoContext(ctx, "license deactivated", "actor", actor)
	return nil
}

// ApplyRevocations takes the vendor's list into use for good; a license on it closes the gate within a second. It
// returns the errors of [VerifyRevocations], and [ErrOutdated] for a list older than the one in place.
func (s *Service) ApplyRevocations(ctx context.Context, document string) error {
	r, err := VerifyRevocations(document, s.keys...)
	if err != nil {
		return fmt.Errorf("apply revocations: %w", err)
	}
	inPlace, err := s.store.advance(ctx, markRevocations, r.IssuedAt, r.Document)
	if err != nil {
		return fmt.Errorf("apply revocations: %w", err)
	}
	if inPlace != r.Document {
		return fmt.Errorf("apply revocations: %w", ErrOutdated)
	}
	s.cache.forget()
	s.log.InfoContext(ctx, "revocations applied", "licenses", len(r.Licenses), "issued", r.IssuedAt)
	return nil
}

// Activation is one use of a license in this installation.
type Activation struct {
	Serial      string
	Document    string
	ActivatedAt time.Time
	ActivatedBy string
	EndedAt     time.Time // zero for the active one
	EndedBy     string
}

// History lists every activation, the newest first.
func (s *Service) History(ctx context.Context) ([]Activation, error) {
	rows, err := s.store.history(ctx)
	if err != nil {
		return nil, fmt.Errorf("license history: %w", err)
	}
	list := make([]Activation, 0, len(rows))
	for _, r := range rows {
		list = append(list, Activation{
			Serial: r.Serial, Document: r.Document,
			ActivatedAt: database.Time(r.Activated), ActivatedBy: r.ActivatedBy,
			EndedAt: database.Time(r.Ended), EndedBy: r.EndedBy,
		})
	}
	return list, nil
}

const maxID = 64 // bytes of a user id, as at every port

// checkID refuses what the tables would cut off.
func checkID(what, id string) error {
	if id == "" || len(id) > maxID {
		return fmt.Errorf("%s has to have 1 to %d bytes, has %d", what, maxID, len(id))
	}
	return nil
}
