//go:build unix

package mail_test

import (
	"syscall"
	"time"
)

// cpuTime is the CPU time this process has used: unlike the clock it does not count what others do on the machine.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
