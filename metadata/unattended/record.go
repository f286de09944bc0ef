package unattended

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"migassist/metadata"
	"migassist/metadata/lock"
	"migassist/metadata/rules"
)

// RecordFormat is the format number of a record.
const RecordFormat = 1

// End is how a run ended.
type End string

// The ends.
const (
	Changed   End = "changed"   // something was added, and nothing waits
	Waiting   End = "waiting"   // something waits for a person, whether something was added or not
	Unchanged End = "unchanged" // all is there
	Held      End = "held"      // another run is at work
	Broken    End = "failed"    // the work ended before its end
)

// Record is what a run did: its dated report.
type Record struct {
	Format int         `json:"format"`
	Began  time.Time   `json:"began"`
	Ended  time.Time   `json:"ended"`
	By     lock.Holder `json:"by"`
	End    End         `json:"end"`
	// HeldBy is whose run is at work.
	HeldBy *lock.Holder `json:"held_by,omitempty"`
	// Error is what ended the work of a run that failed.
	Error   string `json:"error,omitempty"`
	Created []Item `json:"created"`
	// Waiting are for a person, each with its reason.
	Waiting []Item `json:"waiting"`
	// Drift is what differs from the last run.
	Drift []Drift `json:"drift"`
	// Later is how much waits for the documents: metadata finish does it.
	Later int `json:"later"`
	// Gaps is how much the source has that nothing moves; evaluate lists it.
	Gaps   int              `json:"gaps"`
	Notes  []string         `json:"notes,omitempty"`
	Report *metadata.Report `json:"report,omitempty"`
}

// Item is one, and what is to be said of it.
type Item struct {
	Kind rules.Kind `json:"kind"`
	Name string     `json:"name"`
	Why  string     `json:"why,omitempty"`
}

// WriteJSON writes the record as indented JSON.
func (r *Record) WriteJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

// folder is where runs keep what they know of each other.
type folder string

func (f folder) plan() string { return filepath.Join(string(f), "plan.json") }

// last is the plan of the run before, nil where there is none that can be used, which a note tells.
func (f folder) last() (plan *metadata.Plan, note string, err error) {
	file, err := os.Open(f.plan())
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, "there is no plan of an earlier run to compare with", nil
	case err != nil:
		return nil, "", fmt.Errorf("read the last plan: %w", err)
	}
	defer file.Close()
	plan, err = metadata.ReadPlan(file)
	if err != nil {
		return nil, fmt.Sprintf("the plan of the earlier run was not compared with: %s", err), nil
	}
	return plan, "", nil
}

// keep writes a file at once or not at all.
func keep(name string, write func(io.Writer) error) (err error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	if err := errors.Join(write(file), file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), name)
}

// report writes the record under its own name, and gives that.
func (f folder) report(r *Record) (string, error) {
	name := fmt.Sprintf("%s-%d.json", r.Began.UTC().Format("20060102T150405Z"), r.By.PID)
	name = filepath.Join(string(f), "reports", name)
	if err := keep(name, r.WriteJSON); err != nil {
		return "", fmt.Errorf("write the report %s: %w", name, err)
	}
	return name, nil
}
