package messages

import "github.com/mailconnector/mailconnector/internal/database"

// laterColumns are what the tables got since they were made.
func laterColumns() []database.Migration {
	return []database.Migration{{
		ID:     "messages-029-fingerprint",
		MySQL:  `ALTER TABLE mc_messages ADD COLUMN fingerprint BINARY(32) NULL`,
		SQLite: `ALTER TABLE mc_messages ADD COLUMN fingerprint BLOB NULL`,
	}, {
		ID:     "messages-030-fingerprint-index",
		MySQL:  `CREATE INDEX mc_messages_fingerprint ON mc_messages (identity, fingerprint, date, id)`,
		SQLite: `CREATE INDEX mc_messages_fingerprint ON mc_messages (identity, fingerprint, date, id)`,
	}, {
		ID:     "messages-031-refiling-attempts",
		MySQL:  `ALTER TABLE mc_refilings ADD COLUMN attempts INT NOT NULL DEFAULT 0`,
		SQLite: `ALTER TABLE mc_refilings ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0`,
	}, {
		ID:     "messages-032-refiling-due",
		MySQL:  `ALTER TABLE mc_refilings ADD COLUMN due BIGINT NOT NULL DEFAULT 0`,
		SQLite: `ALTER TABLE mc_refilings ADD COLUMN due INTEGER NOT NULL DEFAULT 0`,
	}, {
		ID:     "messages-033-message-version",
		MySQL:  `ALTER TABLE mc_messages ADD COLUMN version BIGINT NOT NULL DEFAULT 0`,
		SQLite: `ALTER TABLE mc_messages ADD COLUMN version INTEGER NOT NULL DEFAULT 0`,
	}}
}
