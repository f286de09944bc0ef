package lease

import (
	"encoding/json"
	"time"
)

// Item is a piece of work, told apart from others by its name. The same work has the same name whoever adds it.
type Item struct {
	Name string          `json:"name"`
	Work json.RawMessage `json:"work,omitempty"` // what is to be done; this package does not look into it
	Size int64           `json:"size,omitempty"` // bytes, for estimates
}

// State is where an item is in its life.
type State string

// States of an item. The last three are final.
const (
	Waiting State = "waiting" // for someone to claim it
	Leased  State = "leased"
	Done    State = "done"
	Split   State = "split" // its children have its work
	Aside   State = "aside" // it failed too often, or could never succeed
)

// Final tells whether nothing more is to be done.
func (s State) Final() bool { return s == Done || s == Split || s == Aside }

// Entry is an item as the store has it.
type Entry struct {
	Item
	State    State           `json:"state"`
	Owner    string          `json:"owner,omitempty"`    // worker that holds it, or held it last
	Progress json.RawMessage `json:"progress,omitempty"` // as of the last checkpoint; this package does not look into it
	// Failures are the reasons of the attempts that failed, the last ones only.
	Failures []string `json:"failures,omitempty"`
	Attempts int      `json:"attempts,omitempty"` // that failed, or whose worker died
	// Updated is when the owner wrote this, by its own clock: for people. Nothing is decided by it.
	Updated time.Time `json:"updated"`
}
