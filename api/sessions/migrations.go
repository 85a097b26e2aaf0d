package sessions

import "github.com/mailconnector/mailconnector/internal/database"

// Migrations are the steps for the tables of this package.
func Migrations() []database.Migration {
	return []database.Migration{{
		ID: "sessions-001-sessions",
		MySQL: `CREATE TABLE mc_sessions (
			id CHAR(32) NOT NULL PRIMARY KEY,
			token_hash BINARY(32) NOT NULL,
			user_id VARCHAR(64) NOT NULL,
			scope VARCHAR(16) NOT NULL,
			stamp_hash BINARY(32) NOT NULL,
			client_name VARCHAR(100) NOT NULL,
			client_version VARCHAR(40) NOT NULL,
			client_platform VARCHAR(100) NOT NULL,
			client_ip VARCHAR(45) NOT NULL,
			created BIGINT NOT NULL,
			last_seen BIGINT NOT NULL,
			expires BIGINT NOT NULL,
			ended BIGINT NOT NULL,
			reason VARCHAR(32) NOT NULL,
			ended_by VARCHAR(64) NOT NULL,
			UNIQUE KEY mc_sessions_token (token_hash),
			KEY mc_sessions_user (user_id, scope, ended),
			KEY mc_sessions_ended (ended, expires)
		) ` + database.TableOptions,
		SQLite: `CREATE TABLE mc_sessions (
			id TEXT NOT NULL PRIMARY KEY,
			token_hash BLOB NOT NULL UNIQUE,
			user_id TEXT NOT NULL,
			scope TEXT NOT NULL,
			stamp_hash BLOB NOT NULL,
			client_name TEXT NOT NULL,
			client_version TEXT NOT NULL,
			client_platform TEXT NOT NULL,
			client_ip TEXT NOT NULL,
			created INTEGER NOT NULL,
			last_seen INTEGER NOT NULL,
			expires INTEGER NOT NULL,
			ended INTEGER NOT NULL,
			reason TEXT NOT NULL,
			ended_by TEXT NOT NULL
		)`,
	}, {
		ID:     "sessions-002-sessions-user",
		SQLite: `CREATE INDEX mc_sessions_user ON mc_sessions (user_id, scope, ended)`,
	}, {
		ID:     "sessions-003-sessions-ended",
		SQLite: `CREATE INDEX mc_sessions_ended ON mc_sessions (ended, expires)`,
	}, {
		ID: "sessions-004-sign-in-attempts",
		MySQL: `CREATE TABLE mc_sign_in_attempts (
			key_hash BINARY(32) NOT NULL PRIMARY KEY,
			failures INT NOT NULL,
			last_try BIGINT NOT NULL,
			not_before BIGINT NOT NULL
		) ` + database.TableOptions,
		SQLite: `CREATE TABLE mc_sign_in_attempts (
			key_hash BLOB NOT NULL PRIMARY KEY,
			failures INTEGER NOT NULL,
			last_try INTEGER NOT NULL,
			not_before INTEGER NOT NULL
		)`,
	}, {
		ID: "sessions-005-last-errors",
		MySQL: `CREATE TABLE mc_last_errors (
			user_id VARCHAR(64) NOT NULL PRIMARY KEY,
			code VARCHAR(64) NOT NULL,
			at BIGINT NOT NULL,
			KEY mc_last_errors_at (at)
		) ` + database.TableOptions,
		SQLite: `CREATE TABLE mc_last_errors (
			user_id TEXT NOT NULL PRIMARY KEY,
			code TEXT NOT NULL,
			at INTEGER NOT NULL
		)`,
	}, {
		ID:     "sessions-006-last-errors-at",
		SQLite: `CREATE INDEX mc_last_errors_at ON mc_last_errors (at)`,
	}}
}
