//go:build race

package mail_test

// slowdown is what the race detector costs.
const slowdown = 15
