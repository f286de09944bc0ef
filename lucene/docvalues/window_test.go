package docvalues_test

import (
	"testing"

	"migassist/lucene/docvalues"
	"migassist/lucene/input"
)

// announced is a file that wants to be told what will be read.
type announced struct {
	input.File
	told          [][2]int64
	bytes, untold int64
}

// WillRead is what input.WillRead looks for.
func (a *announced) WillRead(off, length int64) {
	a.told = append(a.told, [2]int64{off, off + length})
	a.bytes += length
}

// ReadAt counts what was not announced.
func (a *announced) ReadAt(p []byte, off int64) (int, error) {
	for _, t := range a.told {
		if t[0] <= off && off+int64(len(p)) <= t[1] {
			return a.File.ReadAt(p, off)
		}
	}
	a.untold += int64(len(p))
	return a.File.ReadAt(p, off)
}

// TestWhatIsReadIsAnnounced: far stores are told all that will be read of a column, and not much besides.
func TestWhatIsReadIsAnnounced(t *testing.T) {
	for _, folder := range []string{"7.7.3-speed", "8.11.4-compression", "9.0.0-speed", "10.3.1-speed"} {
		for _, p := range pairs(t, folder) {
			meta, err := docvalues.ParseMeta(input.NewCursor(p.name+".dvm", p.meta, 0), p.owner)
			if err != nil {
				t.Fatal(err)
			}
			all := int64(0)
			for i, field := range p.columns {
				file := &announced{File: input.NewBytes(p.name+".dvd", p.data)}
				column, err := meta.Believe(file).Column(field.Number)
				if err != nil {
					t.Fatal(err)
				}
				for doc, want := range p.docs[i] {
					if err := check(column, doc, want); err != nil {
						t.Fatal(folder, field.Name, err)
					}
				}
				if file.untold > 0 {
					t.Errorf("%s: %d bytes of %s were not announced", folder, file.untold, field.Name)
				}
				all += file.bytes
			}
			if all > int64(len(p.data)) {
				t.Errorf("%s: %d bytes of %s were announced, which has %d", folder, all, p.name, len(p.data))
			}
		}
	}
}
