package lock

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// Holder says who holds a lock.
type Holder struct {
	Doing string `json:"doing"` // "migassist metadata migrate --unattended"
	Host  string `json:"host"`
	PID   int    `json:"pid"`
	// Machine tells running systems, and their containers, apart; it is empty where that is not known.
	Machine string    `json:"machine,omitempty"`
	Since   time.Time `json:"since"`
}

// ThisProcess is the holder that this process would be.
func ThisProcess(doing string, now time.Time) Holder {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return Holder{Doing: doing, Host: host, PID: os.Getpid(), Machine: machine(), Since: now.UTC().Truncate(time.Second)}
}

// machine names the running system and the space that its process numbers are of. Only Linux tells both.
func machine() string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	space, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%.36s %s", boot, space)
}

// String reads "migassist metadata migrate --unattended, process 4711 on cron-1, since 2026-01-02T03:04:05Z".
func (h Holder) String() string {
	return fmt.Sprintf("%s, process %d on %s, since %s", h.Doing, h.PID, h.Host, h.Since.Format(time.RFC3339))
}

// gone tells whether the holder is known to have ended: it was a process of our machine, and is none any more.
func (h Holder) gone(own Holder) bool {
	if h.Machine == "" || h.Machine != own.Machine || h.PID == own.PID {
		return false
	}
	process, err := os.FindProcess(h.PID)
	if err != nil {
		return false
	}
	defer func() { _ = process.Release() }() // it is not our child
	return errors.Is(process.Signal(syscall.Signal(0)), os.ErrProcessDone)
}
