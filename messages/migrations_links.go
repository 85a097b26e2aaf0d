package messages

import "github.com/mailconnector/mailconnector/internal/database"

// linkTables hold what is linked where, by whom, and what the host made of it.
func linkTables() []database.Migration {
	return []database.Migration{{
		ID: "messages-007-host-messages",
		MySQL: `CREATE TABLE mc_host_messages (
			message_id ` + ourID + `,
			owner ` + hostID + `,
			host_id ` + hostID + `,
			version BIGINT NOT NULL,
			PRIMARY KEY (message_id, owner),
			KEY mc_host_messages_host (host_id)
		) ` + database.TableOptions,
		SQLite: `CREATE TABLE mc_host_messages (
			message_id TEXT NOT NULL,
			owner TEXT NOT NULL,
			host_id TEXT NOT NULL,
			version INTEGER NOT NULL,
			PRIMARY KEY (message_id, owner)
		)`,
	}, {
		ID:     "messages-008-host-messages-host",
		SQLite: `CREATE INDEX mc_host_messages_host ON mc_host_messages (host_id)`,
	}, {
		ID: "messages-009-links",
		MySQL: `CREATE TABLE mc_links (
			id ` + ourID + ` PRIMARY KEY,
			message_id ` + ourID + `,
			record_type ` + hostID + `,
			record_id ` + hostID + `,
			linked_by ` + hostID + `,
			linked_at BIGINT NOT NULL,
			host_id ` + hostID + `,
			wrote BOOLEAN NOT NULL,
			origin ` + word + `,
			direction ` + word + `,
			mailbox ` + hint + `,
			item_id ` + hint + `,
			platform ` + hint + `,
			addin_version ` + hint + `,
			UNIQUE KEY mc_links_target (message_id, record_type, record_id, linked_by),
			KEY mc_links_by (linked_by, linked_at)
		) ` + database.TableOptions,
		SQLite: `CREATE TABLE mc_links (
			id TEXT NOT NULL PRIMARY KEY,
			message_id TEXT NOT NULL,
			record_type TEXT NOT NULL,
			record_id TEXT NOT NULL,
			linked_by TEXT NOT NULL,
			linked_at INTEGER NOT NULL,
			host_id TEXT NOT NULL,
			wrote BOOLEAN NOT NULL,
			origin TEXT NOT NULL,
			direction TEXT NOT NULL,
			mailbox TEXT NOT NULL,
			item_id TEXT NOT NULL,
			platform TEXT NOT NULL,
			addin_version TEXT NOT NULL,
			UNIQUE (message_id, record_type, record_id, linked_by)
		)`,
	}, {
		ID:     "messages-010-links-by",
		SQLite: `CREATE INDEX mc_links_by ON mc_links (linked_by, linked_at)`,
	}, {
		ID: "messages-011-documents",
		MySQL: `CREATE TABLE mc_link_documents (
			link_id ` + ourID + `,
			document ` + hostID + `,
			message_id ` + ourID + `,
			record_type ` + hostID + `,
			record_id ` + hostID + `,
			sha256 BINARY(32) NOT NULL,
			wrote BOOLEAN NOT NULL,
			version BIGINT NOT NULL,
			PRIMARY KEY (link_id, document),
			KEY mc_link_documents_message (message_id),
			KEY mc_link_documents_record (record_type, record_id, sha256)
		) ` + database.TableOptions,
		SQLite: `CREATE TABLE mc_link_documents (
			link_id TEXT NOT NULL,
			document TEXT NOT NULL,
			message_id TEXT NOT NULL,
			record_type TEXT NOT NULL,
			record_id TEXT NOT NULL,
			sha256 BLOB NOT NULL,
			wrote BOOLEAN NOT NULL,
			version INTEGER NOT NULL,
			PRIMARY KEY (link_id, document)
		)`,
	}, {
		ID:     "messages-012-documents-message",
		SQLite: `CREATE INDEX mc_link_documents_message ON mc_link_documents (message_id)`,
	}, {
		ID:     "messages-013-documents-record",
		SQLite: `CREATE INDEX mc_link_documents_record ON mc_link_documents (record_type, record_id, sha256)`,
	}}
}
