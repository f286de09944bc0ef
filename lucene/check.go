package lucene

import (
	"context"

	"migassist/lucene/docvalues"
)

// Check tells, from headers and field infos alone, whether all files that reading the segment takes have formats that
// are read, so that a run does not find out in its middle. It is an *[UnsupportedError] where one has not. With
// [VerifyRead] only stored fields are asked, which plugins replace; all else is Lucene's own and goes with them.
func (s *Segment) Check(ctx context.Context) (err error) {
	f, err := s.openFiles(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := f.close(); err == nil {
			err = closeErr
		}
	}()
	st := &stored{name: s.Name + ".fdt"}
	if st.data, err = f.open(ctx, st.name); err != nil {
		return err
	}
	if err := closeWith(st.readHeader(s), st.data); err != nil {
		return err
	}
	if s.Verification == VerifyRead {
		return nil // each other header would be a request more
	}
	fields, err := s.readFields(ctx, f)
	if err != nil {
		return err
	}
	if s.deletesGen != noGeneration {
		if err := s.checkLive(ctx, f); err != nil {
			return err
		}
	}
	if field, ok := softDeletesField(fields); ok && s.SoftDeleted > 0 && field.docValuesFile(s.Name) != "" {
		return checkFormat(ctx, f, field.docValuesFile(s.Name)+".dvm", docvalues.Check)
	}
	return nil
}

// checkLive tells whether the format of the live documents is known. In Lucene 4 there is one.
func (s *Segment) checkLive(ctx context.Context, f *files) error {
	if s.plain {
		return nil
	}
	return checkFormat(ctx, f, s.deletesFile(), func(name, codec string) error {
		if _, known := liveFormats[codec]; !known {
			return &UnsupportedError{File: name, Codec: codec, Known: keys(liveFormats)}
		}
		return nil
	})
}

// checkFormat asks check about the codec name in a file's header.
func checkFormat(ctx context.Context, f *files, name string, check func(name, codec string) error) (err error) {
	file, err := f.open(ctx, name)
	if err != nil {
		return err
	}
	defer func() { err = closeWith(err, file) }()
	c, err := headOf(file)
	if err != nil {
		return err
	}
	header := c.Header()
	if c.Err() != nil {
		return c.Err()
	}
	return check(name, header.Codec)
}
