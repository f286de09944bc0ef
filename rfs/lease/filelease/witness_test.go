//go:build unix

package filelease_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"migassist/rfs/lease"
	"migassist/rfs/lease/filelease"
)

// TestTheDeadAreBuriedAtOnce has a worker's lock end without a word, as with SIGKILL: its item waits for the next at once, while that
// of a worker that lives is left alone.
func TestTheDeadAreBuriedAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.json")
	open := func(worker string) (lease.Store, *lease.Coordinator) {
		store, err := filelease.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := store.(lease.Witness).Live(worker); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close() })
		return store, lease.New(store, lease.Options{Worker: worker, Duration: time.Hour})
	}
	first, one := open("one")
	_, two := open("two")
	if err := one.Add(t.Context(), lease.Item{Name: "a"}, lease.Item{Name: "b"}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []*lease.Coordinator{one, two} {
		if _, err := c.TryClaim(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	_, three := open("three")
	if err := three.Bury(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := three.TryClaim(t.Context()); !errors.Is(err, lease.ErrNoWork) {
		t.Fatalf("the work of the living was taken: %v", err)
	}
	// Closing removes the file, so keep one: what a kill leaves is the file without its lock.
	alive := path + ".one.alive"
	if err := os.Rename(alive, alive+".kept"); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(alive+".kept", alive); err != nil {
		t.Fatal(err)
	}
	if err := three.Bury(t.Context()); err != nil {
		t.Fatal(err)
	}
	l, err := three.TryClaim(t.Context())
	if err != nil || l.Entry().Attempts != 1 {
		t.Fatalf("%+v, %v", l, err)
	}
	if _, err := os.Stat(alive); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file of the dead is still there: %v", err)
	}
}
