//go:build race

package mail_test

// What the race detector costs, and how large mails still are then.
const (
	slowdown  = 15
	megabytes = 1
)
