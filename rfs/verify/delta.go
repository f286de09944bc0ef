package verify

import "sync"

// delta is what a part comes to, until it was read whole: of a small one its documents, of others a table.
type delta struct {
	of     side
	tables *sync.Pool

	mu    sync.Mutex
	few   []hashed
	table *table
	seen  map[int32]bool // indices that it has documents of
}

// mostFew is how many documents are not worth a table.
const mostFew = 8192

func newDelta(of side, tables *sync.Pool) *delta {
	return &delta{of: of, tables: tables, seen: map[int32]bool{}}
}

// add adds documents.
func (d *delta) add(some []hashed) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.table == nil && len(d.few)+len(some) > mostFew {
		d.table, _ = d.tables.Get().(*table)
		d.pour(d.table)
		d.few = nil
	}
	for i := range some {
		d.seen[some[i].index] = true
	}
	if d.table == nil {
		d.few = append(d.few, some...)
		return
	}
	for i := range some {
		d.table.add(&some[i], d.of)
	}
}

// pour adds the few to a table.
func (d *delta) pour(into *table) {
	for i := range d.few {
		into.add(&d.few[i], d.of)
	}
}

// mergeInto adds all of it to a table, and gives its own back.
func (d *delta) mergeInto(into *table) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.table == nil {
		d.pour(into)
		return
	}
	into.merge(d.table)
	d.drop()
}

// drop gives the table back.
func (d *delta) drop() {
	if d.table != nil {
		d.table.reset()
		d.tables.Put(d.table)
		d.table = nil
	}
}
