package messages

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/mailconnector/mailconnector/internal/database"
)

// Readers is who reads a linked mail by the CRM's own rule.
type Readers string

// The rules a CRM may have.
const (
	ReadersOfRecord Readers = "record" // everyone who may open a record it is on: sharing would change nothing
	ReadersAbove    Readers = "above"  // who linked it, and those whom the CRM puts above
	ReadersOwner    Readers = "owner"  // who linked it, and nobody else
)

const (
	// sharingSetting keeps what administrators chose, the newest first.
	sharingSetting = "messages.sharing"
	// maxChoices is how many choices are kept.
	maxChoices = 20
)

// Sharing is what administrators choose for a CRM that keeps a linked mail from some who see the record: whether
// everyone who may open a record reads the mails linked to it. At first they do not. A choice counts at once, on every
// instance, for the mails that are linked from then on. It is safe for concurrent use.
type Sharing struct {
	DB *database.DB

	// Readers asks the CRM for its own rule as it is now.
	Readers func(context.Context) (Readers, error)

	// Logger receives every choice, by the id of who made it.
	Logger *slog.Logger
}

// SharingChoice is what one administrator chose.
type SharingChoice struct {
	Shared bool      `json:"shared"`
	By     string    `json:"by"` // user id
	At     time.Time `json:"at"`

	// Accepted is the sentence, as it was shown, under which sharing began.
	Accepted string `json:"accepted,omitempty"`
}

// Choices returns what administrators chose, the newest first, as far back as is kept. It is empty where none did.
func (s *Sharing) Choices(ctx context.Context) (choices []SharingChoice, err error) {
	_, err = s.DB.Setting(ctx, sharingSetting, &choices)
	return choices, err
}

// Shared reports whether mails are shared; it fits [Config.Shared].
func (s *Sharing) Shared(ctx context.Context) (bool, error) {
	choices, err := s.Choices(ctx)
	return len(choices) > 0 && choices[0].Shared, err
}

// Choose notes what an administrator chose, at the time it is now. Choosing what is in force already changes nothing. Of
// choices at the same time each is noted that changes something. Mails that are linked already stay as they are until
// somebody links them again.
func (s *Sharing) Choose(ctx context.Context, c SharingChoice) error {
	var noted bool
	err := database.Revise(ctx, s.DB, sharingSetting, func(choices []SharingChoice) ([]SharingChoice, bool) {
		noted = (len(choices) > 0 && choices[0].Shared) != c.Shared
		c.At = s.DB.Now().UTC()
		choices = append([]SharingChoice{c}, choices...)
		return choices[:min(len(choices), maxChoices)], noted
	})
	if err != nil {
		return fmt.Errorf("choose who reads linked mails: %w", err)
	}
	if noted {
		s.Logger.InfoContext(ctx, "sharing of linked mails changed", "shared", c.Shared, "actor", c.By)
	}
	return nil
}
