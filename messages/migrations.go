package messages

import "github.com/mailconnector/mailconnector/internal/database"

// The column types that the tables below share.
const (
	ourID  = "CHAR(26) CHARACTER SET ascii COLLATE ascii_bin NOT NULL" // what newID makes
	word   = "VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL"
	hostID = "VARCHAR(64) NOT NULL" // opaque, of the CRM
	hint   = "VARCHAR(255) NOT NULL"
)

// Migrations are the steps for the tables of this package. They come after those of package documents.
func Migrations() []database.Migration {
	var steps []database.Migration
	for _, part := range [][]database.Migration{messageTables(), linkTables(), bookTables(), uploadTables(), laterColumns()} {
		steps = append(steps, part...)
	}
	return steps
}

// messageTables hold what a mail says and where its bytes are. Numbers of positions and parts start at 1.
func messageTables() []database.Migration {
	return []database.Migration{{
		ID: "messages-001-messages",
		MySQL: `CREATE TABLE mc_messages (
			id ` + ourID + ` PRIMARY KEY,
			identity BINARY(32) NOT NULL,
			variant INT NOT NULL,
			message_id VARCHAR(1000) NOT NULL,
			own_message_id VARCHAR(1000) NOT NULL,
			threading MEDIUMTEXT NOT NULL,
			subject TEXT NOT NULL,
			date BIGINT NOT NULL,
			direction ` + word + `,
			from_name VARCHAR(500) NOT NULL,
			from_address VARCHAR(500) NOT NULL,
			attachments INT NOT NULL,
			snippet VARCHAR(300) NOT NULL,
			rendition ` + ourID + `,
			completeness ` + word + `,
			problems MEDIUMTEXT NOT NULL,
			created BIGINT NOT NULL,
			UNIQUE KEY mc_messages_identity (identity, variant)
		) ` + database.TableOptions,
		SQLite: `CREATE TABLE mc_messages (
			id TEXT NOT NULL PRIMARY KEY,
			identity BLOB NOT NULL,
			variant INTEGER NOT NULL,
			message_id TEXT NOT NULL,
			own_message_id TEXT NOT NULL,
			threading TEXT NOT NULL,
			subject TEXT NOT NULL,
			date INTEGER NOT NULL,
			direction TEXT NOT NULL,
			from_name TEXT NOT NULL,
			from_address TEXT NOT NULL,
			attachments INTEGER NOT NULL,
			snippet TEXT NOT NULL,
			rendition TEXT NOT NULL,
			completeness TEXT NOT NULL,
			problems TEXT NOT NULL,
			created INTEGER NOT NULL,
			UNIQUE (identity, variant)
		)`,
	}, {
		ID: "messages-002-participants",
		MySQL: `CREATE TABLE mc_participants (
			message_id ` + ourID + `,
			position INT NOT NULL,
			role ` + word + `,
			name VARCHAR(500) NOT NULL,
			address VARCHAR(500) NOT NULL,
			PRIMARY KEY (message_id, position)
		) ` + database.TableOptions,
		SQLite: `CREATE TABLE mc_participants (
			message_id TEXT NOT NULL,
			position INTEGER NOT NULL,
			role TEXT NOT NULL,
			name TEXT NOT NULL,
			address TEXT NOT NULL,
			PRIMARY KEY (message_id, position)
		)`,
	}, {
		ID: "messages-003-references",
		MySQL: `CREATE TABLE mc_references (
			message_id ` + ourID + `,
			refers_to BINARY(32) NOT NULL,
			PRIMARY KEY (message_id, refers_to),
			KEY mc_references_to (refers_to)
		) ` + database.TableOptions,
		SQLite: `CREATE TABLE mc_references (
			message_id TEXT NOT NULL,
			refers_to BLOB NOT NULL,
			PRIMARY KEY (message_id, refers_to)
		)`,
	}, {
		ID:     "messages-004-references-to",
		SQLite: `CREATE INDEX mc_references_to ON mc_references (refers_to)`,
	}, {
		ID: "messages-005-renditions",
		MySQL: `CREATE TABLE mc_renditions (
			id ` + ourID + ` PRIMARY KEY,
			message_id ` + ourID + `,
			uploader ` + hostID + `,
			sha256 BINARY(32) NOT NULL,
			shape ` + word + `,
			blob_key VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
			size BIGINT NOT NULL,
			html MEDIUMTEXT NOT NULL,
			text MEDIUMTEXT NOT NULL,
			html_hash BINARY(32) NULL,
			text_hash BINARY(32) NULL,
			created BIGINT NOT NULL,
			UNIQUE KEY mc_renditions_source (message_id, uploader, sha256)
		) ` + database.TableOptions,
		SQLite: `CREATE TABLE mc_renditions (
			id TEXT NOT NULL PRIMARY KEY,
			message_id TEXT NOT NULL,
			uploader TEXT NOT NULL,
			sha256 BLOB NOT NULL,
			shape TEXT NOT NULL,
			blob_key TEXT NOT NULL,
			size INTEGER NOT NULL,
			html TEXT NOT NULL,
			text TEXT NOT NULL,
			html_hash BLOB NULL,
			text_hash BLOB NULL,
			created INTEGER NOT NULL,
			UNIQUE (message_id, uploader, sha256)
		)`,
	}, {
		ID: "messages-006-parts",
		MySQL: `CREATE TABLE mc_parts (
			rendition ` + ourID + `,
			number INT NOT NULL,
			role ` + word + `,
			name TEXT NOT NULL,
			content_type VARCHAR(255) NOT NULL,
			sniffed VARCHAR(255) NOT NULL,
			content_id TEXT NOT NULL,
			encoding VARCHAR(255) NOT NULL,
			blob_key VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
			start BIGINT NOT NULL,
			length BIGINT NOT NULL,
			size BIGINT NOT NULL,
			sha256 BINARY(32) NULL,
			state ` + word + `,
			url TEXT NOT NULL,
			detail TEXT NOT NULL,
			PRIMARY KEY (rendition, number)
		) ` + database.TableOptions,
		SQLite: `CREATE TABLE mc_parts (
			rendition TEXT NOT NULL,
			number INTEGER NOT NULL,
			role TEXT NOT NULL,
			name TEXT NOT NULL,
			content_type TEXT NOT NULL,
			sniffed TEXT NOT NULL,
			content_id TEXT NOT NULL,
			encoding TEXT NOT NULL,
			blob_key TEXT NOT NULL,
			start INTEGER NOT NULL,
			length INTEGER NOT NULL,
			size INTEGER NOT NULL,
			sha256 BLOB NULL,
			state TEXT NOT NULL,
			url TEXT NOT NULL,
			detail TEXT NOT NULL,
			PRIMARY KEY (rendition, number)
		)`,
	}}
}
