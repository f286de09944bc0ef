//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// resident asks Linux every few milliseconds how much memory a process has had at most, until it ends. The ProcessState does not know:
// what it says of a child counts the memory that this process had when it started the child.
func resident(pid int, ended <-chan struct{}) (most int64) {
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for {
		most = max(most, highWater(pid))
		select {
		case <-ended:
			return most
		case <-ticker.C:
		}
	}
}

// highWater is the most memory that a process has had, in bytes; 0 once it is gone.
func highWater(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, after, found := bytes.Cut(status, []byte("VmHWM:"))
	if !found {
		return 0
	}
	kib, err := strconv.ParseInt(string(bytes.Fields(after)[0]), 10, 64)
	if err != nil {
		return 0
	}
	return kib << 10
}
