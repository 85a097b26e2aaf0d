package search

import "github.com/mailconnector/mailconnector/internal/database"

// Migrations are the steps for the tables of the index and of what each user linked last.
//
// mc_search_terms is kept in four orders: by document, as it is written and looked into; by owner, for subjects who see
// the records of few owners; by entity type, for those who see or ask for few types; and by term, for the others. Its column pairs repeats that of mc_search_docs, so that a
// reading in any order passes over documents without looking at them.
func Migrations() []database.Migration {
	return []database.Migration{{
		ID: "search-001-names",
		MySQL: `CREATE TABLE mc_search_names (
			id INT NOT NULL PRIMARY KEY,
			kind VARCHAR(8) NOT NULL,
			name VARCHAR(190) NOT NULL,
			UNIQUE KEY mc_search_names_name (kind, name)
		) ` + database.TableOptions,
		SQLite: `CREATE TABLE mc_search_names (
			id INTEGER NOT NULL PRIMARY KEY,
			kind TEXT NOT NULL,
			name TEXT NOT NULL,
			UNIQUE (kind, name)
		)`,
	}, {
		ID: "search-002-docs",
		MySQL: `CREATE TABLE mc_search_docs (
			id BIGINT NOT NULL PRIMARY KEY,
			type INT NOT NULL,
			record VARCHAR(64) NOT NULL,
			owner INT NOT NULL,
			checksum BIGINT NOT NULL,
			modified BIGINT NOT NULL,
			is_open TINYINT NOT NULL,
			label VARCHAR(255) NOT NULL,
			fingerprint BINARY(32) NOT NULL,
			pairs BIGINT NOT NULL,
			UNIQUE KEY mc_search_docs_record (type, record),
			KEY mc_search_docs_owner (type, owner, checksum, pairs)
		) ` + database.TableOptions,
		SQLite: `CREATE TABLE mc_search_docs (
			id INTEGER NOT NULL PRIMARY KEY,
			type INTEGER NOT NULL,
			record TEXT NOT NULL,
			owner INTEGER NOT NULL,
			checksum INTEGER NOT NULL,
			modified INTEGER NOT NULL,
			is_open INTEGER NOT NULL,
			label TEXT NOT NULL,
			fingerprint BLOB NOT NULL,
			pairs INTEGER NOT NULL,
			UNIQUE (type, record)
		)`,
	}, {
		ID:     "search-003-docs-owner",
		SQLite: `CREATE INDEX mc_search_docs_owner ON mc_search_docs (type, owner, checksum, pairs)`,
	}, {
		ID: "search-004-terms",
		MySQL: `CREATE TABLE mc_search_terms (
			doc BIGINT NOT NULL,
			kind SMALLINT NOT NULL,
			term VARBINARY(96) NOT NULL,
			field INT NOT NULL,
			type INT NOT NULL,
			owner INT NOT NULL,
			pairs BIGINT NOT NULL,
			PRIMARY KEY (doc, kind, term, field)
		) ` + database.TableOptions,
		SQLite: `CREATE TABLE mc_search_terms (
			doc INTEGER NOT NULL,
			kind INTEGER NOT NULL,
			term BLOB NOT NULL,
			field INTEGER NOT NULL,
			type INTEGER NOT NULL,
			owner INTEGER NOT NULL,
			pairs INTEGER NOT NULL,
			PRIMARY KEY (doc, kind, term, field)
		) WITHOUT ROWID`,
	}, {
		ID:     "search-005-terms-by-owner",
		MySQL:  byOwner.create(),
		SQLite: byOwner.create(),
	}, {
		ID:     "search-006-terms-by-type",
		MySQL:  byType.create(),
		SQLite: byType.create(),
	}, {
		ID:     "search-007-terms-by-term",
		MySQL:  byTerm.create(),
		SQLite: byTerm.create(),
	}, {
		ID: "search-008-parents",
		MySQL: `CREATE TABLE mc_search_parents (
			doc BIGINT NOT NULL,
			type INT NOT NULL,
			record VARCHAR(64) NOT NULL,
			PRIMARY KEY (doc, type, record),
			KEY mc_search_parents_record (type, record, doc)
		) ` + database.TableOptions,
		SQLite: `CREATE TABLE mc_search_parents (
			doc INTEGER NOT NULL,
			type INTEGER NOT NULL,
			record TEXT NOT NULL,
			PRIMARY KEY (doc, type, record)
		) WITHOUT ROWID`,
	}, {
		ID:     "search-009-parents-record",
		SQLite: `CREATE INDEX mc_search_parents_record ON mc_search_parents (type, record, doc)`,
	}, {
		ID: "search-010-choices",
		MySQL: `CREATE TABLE mc_search_choices (
			user_id VARCHAR(64) NOT NULL,
			address BINARY(32) NOT NULL,
			type VARCHAR(64) NOT NULL,
			record VARCHAR(64) NOT NULL,
			chosen BIGINT NOT NULL,
			PRIMARY KEY (user_id, address, type, record)
		) ` + database.TableOptions,
		SQLite: `CREATE TABLE mc_search_choices (
			user_id TEXT NOT NULL,
			address BLOB NOT NULL,
			type TEXT NOT NULL,
			record TEXT NOT NULL,
			chosen INTEGER NOT NULL,
			PRIMARY KEY (user_id, address, type, record)
		) WITHOUT ROWID`,
	}, {
		ID: "search-011-suffixes",
		MySQL: `CREATE TABLE mc_search_suffixes (
			suffix VARBINARY(96) NOT NULL,
			term VARBINARY(96) NOT NULL,
			PRIMARY KEY (suffix, term)
		) ` + database.TableOptions,
		SQLite: `CREATE TABLE mc_search_suffixes (
			suffix BLOB NOT NULL,
			term BLOB NOT NULL,
			PRIMARY KEY (suffix, term)
		) WITHOUT ROWID`,
	}}
}
