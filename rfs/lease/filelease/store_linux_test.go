package filelease_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"migassist/rfs/lease"
)

// TestAFullDiskLosesNothing needs the right to mount, as in a container of root.
func TestAFullDiskLosesNothing(t *testing.T) {
	folder := t.TempDir()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("mount a small disk: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(folder, syscall.MNT_DETACH) })
	path, filler := filepath.Join(folder, "state"), filepath.Join(folder, "filler")
	s := open(t, path)
	version, written := "", 0
	for n := 1; ; n++ {
		next, err := s.Put(t.Context(), lease.Record{Key: "run", Version: version, Body: fmt.Appendf(nil, `{"n":%d,"filler":%q}`, n, strings.Repeat("x", 3000))})
		if err != nil {
			if !errors.Is(err, lease.ErrRefused) || !strings.Contains(err.Error(), "no space left") || !strings.Contains(err.Error(), path) {
				t.Errorf("full: %v", err)
			}
			break
		}
		version, written = next, n
		if n == 10 {
			if err := os.WriteFile(filler, make([]byte, 100_000), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, s := range []lease.Store{s, open(t, path)} {
		if r := get(t, s, "run"); r.Version != version || !strings.HasPrefix(string(r.Body), fmt.Sprintf(`{"n":%d,`, written)) {
			t.Errorf("after %d writes: %.30s", written, r.Body)
		}
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	put(t, s, lease.Record{Key: "run", Version: version, Body: []byte(`{}`)})
}
