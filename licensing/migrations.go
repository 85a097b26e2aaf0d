package licensing

import "github.com/mailconnector/mailconnector/internal/database"

// Migrations are the steps for the tables of this package. They need those of the database package before them.
func Migrations() []database.Migration {
	return []database.Migration{{
		ID: "licensing-001-licenses", // every activation; active is 1 on the one that counts, NULL on the others
		MySQL: `CREATE TABLE mc_licenses (
			id VARCHAR(32) NOT NULL PRIMARY KEY,
			active TINYINT NULL UNIQUE,
			serial VARCHAR(200) NOT NULL,
			document MEDIUMTEXT NOT NULL,
			activated BIGINT NOT NULL,
			activated_by VARCHAR(64) NOT NULL,
			ended BIGINT NOT NULL,
			ended_by VARCHAR(64) NOT NULL
		) ` + database.TableOptions,
		SQLite: `CREATE TABLE mc_licenses (
			id TEXT NOT NULL PRIMARY KEY,
			active INTEGER NULL UNIQUE,
			serial TEXT NOT NULL,
			document TEXT NOT NULL,
			activated INTEGER NOT NULL,
			activated_by TEXT NOT NULL,
			ended INTEGER NOT NULL,
			ended_by TEXT NOT NULL
		)`,
	}, {
		ID: "licensing-002-seats", // the primary key is the seat itself, so two users can never take one
		MySQL: `CREATE TABLE mc_seats (
			slot INT NOT NULL PRIMARY KEY,
			user_key BINARY(32) NOT NULL UNIQUE,
			user_id VARCHAR(64) NOT NULL,
			assigned BIGINT NOT NULL,
			assigned_by VARCHAR(64) NOT NULL,
			last_seen BIGINT NOT NULL
		) ` + database.TableOptions,
		SQLite: `CREATE TABLE mc_seats (
			slot INTEGER NOT NULL PRIMARY KEY,
			user_key BLOB NOT NULL UNIQUE,
			user_id TEXT NOT NULL,
			assigned INTEGER NOT NULL,
			assigned_by TEXT NOT NULL,
			last_seen INTEGER NOT NULL
		)`,
	}, {
		ID: "licensing-003-marks", // what only moves forward: the latest moment seen, the newest revocation list
		MySQL: `CREATE TABLE mc_license_marks (
			name VARCHAR(32) NOT NULL PRIMARY KEY,
			moment BIGINT NOT NULL,
			document MEDIUMTEXT NOT NULL
		) ` + database.TableOptions,
		SQLite: `CREATE TABLE mc_license_marks (
			name TEXT NOT NULL PRIMARY KEY,
			moment INTEGER NOT NULL,
			document TEXT NOT NULL
		)`,
	}}
}
