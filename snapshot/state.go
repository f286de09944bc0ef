package snapshot

import "fmt"

// State is how far a snapshot came. The numbers are those of index-N (SnapshotState of either product).
type State int

// The states of a snapshot. Success is read; Partial is read, and warned about; nothing else is.
const (
	// Unrecorded: the table of contents does not tell, only the snapshot itself (before Elasticsearch 5.2).
	Unrecorded State = iota - 1
	InProgress
	Success
	Failed
	Partial
	Incompatible
)

var stateNames = [...]string{"IN_PROGRESS", "SUCCESS", "FAILED", "PARTIAL", "INCOMPATIBLE"}

// String is the name the servers use.
func (s State) String() string {
	if s == Unrecorded {
		return "not recorded"
	}
	if s >= 0 && int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("state %d", int(s))
}

func parseState(name string) (State, bool) {
	for i, n := range stateNames {
		if n == name {
			return State(i), true
		}
	}
	return 0, false
}

// readable is nil for the states whose snapshots can be read.
func (s State) readable() error {
	switch s {
	case Success, Partial, Unrecorded:
		return nil
	case InProgress:
		return fmt.Errorf("%w: it is IN_PROGRESS; wait until it is done, then open the repository again", ErrIncomplete)
	case Failed:
		return fmt.Errorf("%w: it has FAILED, so that no shard of it can be relied on; take another one", ErrIncomplete)
	case Incompatible:
		return fmt.Errorf("%w: it is INCOMPATIBLE, taken by a version older than the repository's cluster can read", ErrUnsupported)
	default:
		return fmt.Errorf("%w: it has the unknown %s", ErrUnsupported, s)
	}
}
