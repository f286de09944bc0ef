package lucene

import (
	"context"
	"sync"
)

// Documents is one segment's documents, opened for reading. Close it when done.
type Documents struct {
	segment *Segment
	files   *files
	stored  *stored
	live    bitset   // nil: all
	wanted  []string // names of the stored fields to return
	slots   []int16  // per field number: index in wanted, or -1
	fields  []Field

	byNumber func() map[int]Field

	opening sync.Mutex
	columns map[string]columns // by the name of their files
}

// Open prepares to read the wanted stored fields, at most 32767, of the segment's live documents.
func (s *Segment) Open(ctx context.Context, wanted ...string) (*Documents, error) {
	f, err := s.openFiles(ctx)
	if err != nil {
		return nil, err
	}
	d := &Documents{segment: s, files: f, wanted: wanted}
	if err := d.open(ctx); err != nil {
		_ = f.close()
		return nil, err
	}
	return d, nil
}

// open reads what goes before the documents. The stored fields come first: they bound the number of documents,
// on which the memory for the live ones depends.
func (d *Documents) open(ctx context.Context) (err error) {
	if d.stored, err = d.segment.openStored(ctx, d.files); err != nil {
		return err
	}
	if d.fields, err = d.segment.readFields(ctx, d.files); err == nil {
		d.slots = slotsOf(d.fields, d.wanted)
		d.byNumber = sync.OnceValue(d.numbered)
		d.live, err = d.segment.readLive(ctx, d.files, d.fields)
	}
	if err != nil {
		_ = d.stored.close()
	}
	return err
}

// slotsOf maps field numbers to the place of their name in wanted.
func slotsOf(fields []Field, wanted []string) []int16 {
	places, size := make(map[string]int16, len(wanted)), 0
	for slot, name := range wanted {
		places[name] = int16(slot)
	}
	for _, field := range fields {
		if _, ok := places[field.Name]; ok {
			size = max(size, field.Number+1)
		}
	}
	slots := make([]int16, size)
	for number := range slots {
		slots[number] = -1
	}
	for _, field := range fields {
		if slot, ok := places[field.Name]; ok {
			slots[field.Number] = slot
		}
	}
	return slots
}

// numbered returns the fields by their numbers.
func (d *Documents) numbered() map[int]Field {
	numbers := make(map[int]Field, len(d.fields))
	for _, field := range d.fields {
		numbers[field.Number] = field
	}
	return numbers
}

// FieldInfos returns the fields of the segment, in the order in which it lists them. They are not to be changed.
func (d *Documents) FieldInfos() []Field { return d.fields }

// Close closes the segment's files.
func (d *Documents) Close() error {
	err := d.stored.close()
	if closeErr := d.closeColumns(); err == nil {
		err = closeErr
	}
	if closeErr := d.files.close(); err == nil {
		err = closeErr
	}
	return err
}

// Live returns the number of documents that are neither deleted nor softly deleted.
func (d *Documents) Live() int {
	if d.live == nil {
		return d.segment.MaxDoc
	}
	return d.live.count()
}

// Format returns the codec name of the stored fields, "Lucene90StoredFieldsFastData".
func (d *Documents) Format() string { return d.stored.codec }
