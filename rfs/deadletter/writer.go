package deadletter

import "time"

// Writer takes the dead letters of a run. It serves one goroutine.
type Writer interface {
	// Add appends letters.
	Add(letters []Letter, now time.Time) error
	// Sync makes durable what was added.
	Sync() error
	// Close lets go of what is held. What was not synced may be gone.
	Close() error
}

var (
	_ Writer = (*File)(nil)
	_ Writer = (*Parts)(nil)
)
