package filelease

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzJournal opens files that begin like a journal. Whatever stands in them, they are read or refused, and what is read is written back the same.
func FuzzJournal(f *testing.F) {
	e := entry{key: "item/0a1b2c3d/été \"x\"/0", number: 1, open: true}
	line := e.write([]byte(`{"state":"waiting"}`))
	f.Add(line)
	f.Add(append(bytes.Clone(line), entry{number: 2, cleared: true}.write(nil)...))
	f.Add(append(bytes.Clone(line), line[:30]...))
	f.Add([]byte("00000000 1 0 o \"k\" {}\n"))
	f.Fuzz(func(t *testing.T, lines []byte) {
		path := filepath.Join(t.TempDir(), "state")
		if err := os.WriteFile(path, append(header("0123456789abcdef"), lines...), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(path)
		if err != nil {
			return
		}
		defer s.Close()
		page, err := s.List(t.Context(), "", "", false, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page {
			if got, err := s.Get(t.Context(), r.Key); err != nil || got.Version != r.Version || !bytes.Equal(got.Body, r.Body) {
				t.Errorf("%+v in a list, %+v by itself, %v", r, got, err)
			}
		}
	})
}

func TestLinesComeBackAsTheyWent(t *testing.T) {
	for _, e := range []entry{
		{key: "run", number: 1, synced: 35},
		{key: "item/0a1b2c3d/a b+\"c\"\\%2F[é😀]\x7f\u2028/0", number: 18446744073709551615, open: true, synced: 1 << 40},
		{number: 7, cleared: true},
	} {
		body := []byte(`{"a":"b c"}`)
		if e.cleared {
			body = nil
		}
		line := e.write(body)
		got, err := parse(line, 100)
		if err != nil || got.key != e.key || got.number != e.number || got.open != e.open || got.cleared != e.cleared || got.synced != e.synced {
			t.Errorf("%q: %+v, %v", line, got, err)
		}
		if !e.cleared && !bytes.Equal(line[got.body-100:][:got.length], body) {
			t.Errorf("%q: the body is %q", line, line[got.body-100:][:got.length])
		}
	}
}

func TestNetworkFileSystemsAreRefusedByName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	_, err := place(path, func(folder string) (string, error) {
		if folder != filepath.Dir(path) {
			t.Errorf("asked about %s", folder)
		}
		return "NFS", nil
	})
	if err == nil || !strings.Contains(err.Error(), path+" lies on NFS") || !strings.Contains(err.Error(), "--coordinator") {
		t.Error(err)
	}
	// A link does not hide where the file is.
	link := filepath.Join(t.TempDir(), "link")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(path, link); err != nil {
		t.Skip(err)
	}
	where, err := place(link, networkFileSystem)
	if resolved, _ := filepath.EvalSymlinks(path); err != nil || where != resolved {
		t.Errorf("%s is at %s, %v", link, where, err)
	}
}
