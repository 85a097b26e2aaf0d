package messages

import "github.com/mailconnector/mailconnector/internal/database"

// bookTables hold receipts, files announced by hosts, the ledger and the signing key.
func bookTables() []database.Migration {
	return []database.Migration{{
		ID: "messages-014-receipts",
		MySQL: `CREATE TABLE mc_receipts (
			id ` + ourID + ` PRIMARY KEY,
			actor ` + hostID + `,
			idempotency BINARY(32) NOT NULL,
			fingerprint BINARY(32) NOT NULL,
			message_id ` + ourID + `,
			result MEDIUMTEXT NOT NULL,
			created BIGINT NOT NULL,
			UNIQUE KEY mc_receipts_idempotency (actor, idempotency),
			KEY mc_receipts_created (created)
		) ` + database.TableOptions,
		SQLite: `CREATE TABLE mc_receipts (
			id TEXT NOT NULL PRIMARY KEY,
			actor TEXT NOT NULL,
			idempotency BLOB NOT NULL,
			fingerprint BLOB NOT NULL,
			message_id TEXT NOT NULL,
			result TEXT NOT NULL,
			created INTEGER NOT NULL,
			UNIQUE (actor, idempotency)
		)`,
	}, {
		ID:     "messages-015-receipts-created",
		SQLite: `CREATE INDEX mc_receipts_created ON mc_receipts (created)`,
	}, {
		ID: "messages-016-staged-files",
		MySQL: `CREATE TABLE mc_staged_files (
			id ` + ourID + ` PRIMARY KEY,
			plan ` + ourID + `,
			path TEXT NOT NULL,
			state ` + word + `,
			announced BIGINT NOT NULL,
			KEY mc_staged_files_plan (plan)
		) ` + database.TableOptions,
		SQLite: `CREATE TABLE mc_staged_files (
			id TEXT NOT NULL PRIMARY KEY,
			plan TEXT NOT NULL,
			path TEXT NOT NULL,
			state TEXT NOT NULL,
			announced INTEGER NOT NULL
		)`,
	}, {
		ID:     "messages-017-staged-files-plan",
		SQLite: `CREATE INDEX mc_staged_files_plan ON mc_staged_files (plan)`,
	}, {
		ID: "messages-018-events",
		MySQL: `CREATE TABLE mc_events (
			id ` + ourID + ` PRIMARY KEY,
			at BIGINT NOT NULL,
			kind ` + word + `,
			actor ` + hostID + `,
			message_id ` + ourID + `,
			record_type ` + hostID + `,
			record_id ` + hostID + `,
			sha256 BINARY(32) NULL,
			origin ` + word + `,
			receipt ` + ourID + `,
			seal BIGINT NOT NULL,
			KEY mc_events_seal (seal, id),
			KEY mc_events_actor (actor, id),
			KEY mc_events_message (message_id)
		) ` + database.TableOptions,
		SQLite: `CREATE TABLE mc_events (
			id TEXT NOT NULL PRIMARY KEY,
			at INTEGER NOT NULL,
			kind TEXT NOT NULL,
			actor TEXT NOT NULL,
			message_id TEXT NOT NULL,
			record_type TEXT NOT NULL,
			record_id TEXT NOT NULL,
			sha256 BLOB NULL,
			origin TEXT NOT NULL,
			receipt TEXT NOT NULL,
			seal INTEGER NOT NULL
		)`,
	}, {
		ID:     "messages-019-events-seal",
		SQLite: `CREATE INDEX mc_events_seal ON mc_events (seal, id)`,
	}, {
		ID:     "messages-020-events-actor",
		SQLite: `CREATE INDEX mc_events_actor ON mc_events (actor, id)`,
	}, {
		ID:     "messages-021-events-message",
		SQLite: `CREATE INDEX mc_events_message ON mc_events (message_id)`,
	}, {
		ID: "messages-022-seals",
		MySQL: `CREATE TABLE mc_seals (
			number BIGINT NOT NULL PRIMARY KEY,
			previous BINARY(32) NOT NULL,
			hash BINARY(32) NOT NULL,
			events INT NOT NULL,
			sealed BIGINT NOT NULL
		) ` + database.TableOptions,
		SQLite: `CREATE TABLE mc_seals (
			number INTEGER NOT NULL PRIMARY KEY,
			previous BLOB NOT NULL,
			hash BLOB NOT NULL,
			events INTEGER NOT NULL,
			sealed INTEGER NOT NULL
		)`,
	}, {
		ID: "messages-023-keys",
		MySQL: `CREATE TABLE mc_message_keys (
			name ` + word + ` PRIMARY KEY,
			value VARBINARY(64) NOT NULL
		) ` + database.TableOptions,
		SQLite: `CREATE TABLE mc_message_keys (
			name TEXT NOT NULL PRIMARY KEY,
			value BLOB NOT NULL
		)`,
	}}
}
