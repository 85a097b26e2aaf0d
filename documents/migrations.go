package documents

import "github.com/mailconnector/mailconnector/internal/database"

// Migrations are the steps for the tables of this package.
func Migrations() []database.Migration {
	return []database.Migration{{
		ID: "documents-001-blobs",
		MySQL: `CREATE TABLE mc_blobs (
			blob_key VARCHAR(128) NOT NULL PRIMARY KEY,
			sha256 BINARY(32) NULL,
			size BIGINT NOT NULL,
			state VARCHAR(10) NOT NULL,
			touched BIGINT NOT NULL,
			UNIQUE KEY mc_blobs_sha256 (sha256),
			KEY mc_blobs_touched (state, touched)
		) ` + database.TableOptions,
		SQLite: `CREATE TABLE mc_blobs (
			blob_key TEXT NOT NULL PRIMARY KEY,
			sha256 BLOB NULL UNIQUE,
			size INTEGER NOT NULL,
			state TEXT NOT NULL,
			touched INTEGER NOT NULL
		)`,
	}, {
		ID:     "documents-002-blobs-touched",
		SQLite: `CREATE INDEX mc_blobs_touched ON mc_blobs (state, touched)`,
	}, {
		ID: "documents-003-claims",
		MySQL: `CREATE TABLE mc_blob_claims (
			claimant VARCHAR(100) NOT NULL,
			blob_key VARCHAR(128) NOT NULL,
			PRIMARY KEY (claimant, blob_key),
			KEY mc_blob_claims_key (blob_key)
		) ` + database.TableOptions,
		SQLite: `CREATE TABLE mc_blob_claims (
			claimant TEXT NOT NULL,
			blob_key TEXT NOT NULL,
			PRIMARY KEY (claimant, blob_key)
		)`,
	}, {
		ID:     "documents-004-claims-key",
		SQLite: `CREATE INDEX mc_blob_claims_key ON mc_blob_claims (blob_key)`,
	}}
}
