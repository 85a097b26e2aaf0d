// Package dbtest gives tests the databases the module runs on: MariaDB and SQLite, fresh for each test.
//
// [Each] runs a test on both. MariaDB is one private server per test process, started at its first use from the
// mariadbd on the PATH, with its data in a temporary folder that is gone when the process is, even if that is killed.
// Set MAILCONNECTOR_TEST_DSN to the DSN of a user who may create databases to use a running server instead.
//
// Without a server, tests that need one are skipped; with the environment variable CI set to true they fail.
//
// The settings are as fast as they can be while an acknowledged commit survives the kill of the server, though not
// of the machine. [StartServer] gives a test a server of its own, to kill and to start again.
package dbtest
