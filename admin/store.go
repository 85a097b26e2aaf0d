package admin

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/mailconnector/mailconnector/internal/database"
)

// readersSetting keeps what an administrator acknowledged about who reads linked mails.
const readersSetting = "admin.readers_acknowledged"

// acknowledgement says who read the sentence about who reads linked mails, and which one, word for word as it was shown:
// when another one holds, that has to be read.
type acknowledgement struct {
	By       string    `json:"by"`
	At       time.Time `json:"at"`
	Sentence string    `json:"sentence"`
}

// acknowledged returns the zero value where nobody did.
func (h *Handler) acknowledged(ctx context.Context) (a acknowledgement, err error) {
	_, err = h.c.DB.Setting(ctx, readersSetting, &a)
	return a, err
}

func (h *Handler) setAcknowledged(ctx context.Context, a acknowledgement) error {
	return h.c.DB.SetSetting(ctx, readersSetting, a)
}

// engine names the database server and its version.
func (h *Handler) engine(ctx context.Context) (string, error) {
	name, query := "MySQL", "SELECT VERSION()"
	if h.c.DB.Dialect() == database.SQLite {
		name, query = "SQLite", "SELECT sqlite_version()"
	}
	var version string
	if err := h.c.DB.SQL().QueryRowContext(ctx, query).Scan(&version); err != nil {
		return "", fmt.Errorf("read version of the database: %w", err)
	}
	if number, _, found := strings.Cut(version, "-MariaDB"); found {
		return "MariaDB " + number, nil
	}
	return name + " " + version, nil
}
