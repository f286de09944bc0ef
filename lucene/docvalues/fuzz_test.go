package docvalues_test

import (
	"runtime"
	"testing"

	"migassist/lucene/docvalues"
	"migassist/lucene/input"
)

// FuzzColumns reads any .dvm and .dvd whose checksums nobody looks at: errors have names, and memory follows the input.
func FuzzColumns(f *testing.F) {
	for _, folder := range damaged {
		all := pairs(f, folder)
		for _, p := range all {
			if len(p.meta) < 1000 {
				f.Add(p.meta, p.data[:min(len(p.data), 4<<10)], uint16(p.owner.MaxDoc), uint64(0))
				break
			}
		}
		p := all[len(all)-1]
		f.Add(p.meta, p.data[:min(len(p.data), 32<<10)], uint16(p.owner.MaxDoc), uint64(0))
	}
	f.Fuzz(func(t *testing.T, meta, data []byte, maxDoc uint16, bits uint64) {
		owner := docvalues.Owner{MaxDoc: int(maxDoc)}
		head := input.NewCursor("_0.dvm", meta, 0)
		header := head.IndexHeader()
		owner.ID, owner.Suffix = header.ID, header.Suffix
		for number := range 64 {
			mode := "BEST_SPEED"
			if bits>>number&1 != 0 {
				mode = "BEST_COMPRESSION"
			}
			owner.Fields = append(owner.Fields, docvalues.Field{
				Number: number, Skipper: bits>>(63-number)&1 != 0, Attributes: map[string]string{"Lucene80DocValuesFormat.mode": mode},
			})
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		readAny(t, meta, data, owner)
		runtime.ReadMemStats(&after)
		const each = 4 << 20 // 64 columns of up to 64 KiB a document
		if got, most := after.TotalAlloc-before.TotalAlloc, uint64(400*(len(meta)+len(data)))+64*each; got > most {
			t.Errorf("%d bytes were allocated for %d", got, len(meta)+len(data))
		}
	})
}

// readAny reads some documents of every column.
func readAny(t *testing.T, meta, data []byte, owner docvalues.Owner) {
	parsed, err := docvalues.ParseMeta(input.NewCursor("_0.dvm", meta, 0), owner)
	if err != nil {
		if !named(err) {
			t.Error(err)
		}
		return
	}
	file := input.NewBytes("_0.dvd", data)
	columns := parsed.Believe(file)
	if _, err := parsed.Open(file); err != nil && !named(err) {
		t.Error(err)
	}
	columns.Window, columns.Limit = 1, 64<<10
	set := make([]uint64, owner.MaxDoc/64+1)
	for _, field := range owner.Fields {
		column, err := columns.Column(field.Number)
		if err != nil {
			continue
		}
		if err := columns.Present(field.Number, set); err != nil && !named(err) {
			t.Error(err)
		}
		step := 1 + owner.MaxDoc/50
		for doc := 0; doc < owner.MaxDoc; doc += step {
			if _, err := column.Advance(doc); err != nil {
				if !named(err) {
					t.Error(err)
				}
				break
			}
		}
	}
}
