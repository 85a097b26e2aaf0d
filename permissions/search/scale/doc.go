// Package scale measures the record search on as many records as a large CRM has. It holds only tests: by default a
// small CRM is built and searched, `make bench-search` builds the large one and holds the answers against the budgets.
package scale
