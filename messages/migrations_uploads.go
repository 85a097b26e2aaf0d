package messages

import "github.com/mailconnector/mailconnector/internal/database"

// uploadTables hold what is not done yet: mails that arrive in chunks, and links that wait for documents. A slot is one of the few that a user has for open uploads: its unique
// key is what bounds them, on every instance.
func uploadTables() []database.Migration {
	return []database.Migration{{
		ID: "messages-024-uploads",
		MySQL: `CREATE TABLE mc_uploads (
			id ` + ourID + ` PRIMARY KEY,
			owner ` + hostID + `,
			slot INT NOT NULL,
			length BIGINT NOT NULL,
			received BIGINT NOT NULL,
			chunks INT NOT NULL,
			metadata TEXT NOT NULL,
			expires BIGINT NOT NULL,
			UNIQUE KEY mc_uploads_slot (owner, slot),
			KEY mc_uploads_expires (expires)
		) ` + database.TableOptions,
		SQLite: `CREATE TABLE mc_uploads (
			id TEXT NOT NULL PRIMARY KEY,
			owner TEXT NOT NULL,
			slot INTEGER NOT NULL,
			length INTEGER NOT NULL,
			received INTEGER NOT NULL,
			chunks INTEGER NOT NULL,
			metadata TEXT NOT NULL,
			expires INTEGER NOT NULL,
			UNIQUE (owner, slot)
		)`,
	}, {
		ID:     "messages-025-uploads-expires",
		SQLite: `CREATE INDEX mc_uploads_expires ON mc_uploads (expires)`,
	}, {
		ID: "messages-026-upload-chunks",
		MySQL: `CREATE TABLE mc_upload_chunks (
			upload ` + ourID + `,
			start BIGINT NOT NULL,
			id ` + ourID + `,
			blob_key VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
			size BIGINT NOT NULL,
			PRIMARY KEY (upload, start)
		) ` + database.TableOptions,
		SQLite: `CREATE TABLE mc_upload_chunks (
			upload TEXT NOT NULL,
			start INTEGER NOT NULL,
			id TEXT NOT NULL,
			blob_key TEXT NOT NULL,
			size INTEGER NOT NULL,
			PRIMARY KEY (upload, start)
		)`,
	}, {
		ID: "messages-027-refilings",
		MySQL: `CREATE TABLE mc_refilings (
			link_id ` + ourID + ` PRIMARY KEY,
			message_id ` + ourID + `,
			KEY mc_refilings_message (message_id)
		) ` + database.TableOptions,
		SQLite: `CREATE TABLE mc_refilings (
			link_id TEXT NOT NULL PRIMARY KEY,
			message_id TEXT NOT NULL
		)`,
	}, {
		ID:     "messages-028-refilings-message",
		SQLite: `CREATE INDEX mc_refilings_message ON mc_refilings (message_id)`,
	}}
}
