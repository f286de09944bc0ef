package rfs

import (
	"bytes"
	"errors"
	"fmt"

	"migassist/lucene"
	"migassist/rfs/rebuild"
	"migassist/xcontent"
)

// assembler makes users' documents out of Lucene documents: identity, and the source as JSON. It belongs to one goroutine.
type assembler struct {
	reading   *reading
	segment   *segment           // that is held for the rebuilder
	rebuilder *rebuild.Rebuilder // of the segment at hand; nil: the source is what is stored
	versioner *versioner         // of the segment at hand; nil: documents have no version
	limit     int                // bytes that a source may take when it is converted, or a chunk to be read twice
	id        []byte

	stored    []byte // the source of the last document, as it lies there
	converted bool   // it was not JSON as it lies there
	json      []byte
}

// keptJSON is the largest buffer, in bytes, that is kept from document to document.
const keptJSON = 4 << 20

// document returns a user's document; ok is false for what is none. An error that is an *unsendable concerns this one only;
// what is known of the document comes back with it.
func (a *assembler) document(doc *lucene.Doc) (d Document, ok bool, err error) {
	a.converted = false
	if d, ok, err = identify(doc, a.id); !ok {
		return d, false, a.child(doc)
	}
	a.stored = d.Source
	if err != nil {
		return d, true, unsent("bad_id", "document %d: %v", doc.Number, err)
	}
	if d.Source, err = a.source(doc); err == nil && a.versioner != nil {
		d.Version, err = a.versioner.version(doc.Number)
	}
	return d, true, err
}

// source returns the source as JSON. What is JSON already is not looked at further, nor copied.
func (a *assembler) source(doc *lucene.Doc) ([]byte, error) {
	switch {
	case a.rebuilder != nil:
		return a.rebuilt(doc)
	case a.stored == nil:
		return nil, unsent("no_source", "the document was stored without _source")
	case len(a.stored) > 0 && a.stored[0] == '{':
		return a.stored, nil
	}
	return a.convert()
}

func (a *assembler) convert() ([]byte, error) {
	if xcontent.Sniff(a.stored) == xcontent.JSON {
		if !isObject(a.stored) {
			return nil, unsent("not_convertible", "_source is JSON, but no object")
		}
		return a.stored, nil
	}
	a.forgetGiant()
	converter := a.reading.convert
	converter.Limit = a.limit
	var err error
	a.json, err = converter.AppendJSON(a.json[:0], a.stored)
	switch {
	case err != nil:
		return nil, unsent("not_convertible", "_source can't be converted to JSON: %v", err)
	case !isObject(a.json):
		return nil, unsent("not_convertible", "_source is %s, but no object", xcontent.Sniff(a.stored))
	}
	a.converted = true
	return a.json, nil
}

func (a *assembler) rebuilt(doc *lucene.Doc) ([]byte, error) {
	a.forgetGiant()
	var err error
	a.json, err = a.rebuilder.Append(a.json[:0], doc)
	switch {
	case errors.Is(err, rebuild.ErrUnsupported):
		return nil, unsent("not_rebuilt", "document %d: %v", doc.Number, err)
	case err != nil:
		return nil, fmt.Errorf("rebuild document %d: %w", doc.Number, err)
	}
	return a.json, nil
}

// child hands a document that is no user's to the rebuilder: a nested object of one that is.
func (a *assembler) child(doc *lucene.Doc) error {
	if a.rebuilder == nil {
		return nil
	}
	if err := a.rebuilder.Child(doc); err != nil {
		return fmt.Errorf("rebuild nested document %d: %w", doc.Number, err)
	}
	return nil
}

func (a *assembler) forgetGiant() {
	if cap(a.json) > keptJSON {
		a.json = nil
	}
}

// isObject tells whether a JSON text begins like an object, or is empty; Elasticsearch lets comments through.
func isObject(text []byte) bool {
	trimmed := bytes.TrimLeft(text, " \t\r\n\uFEFF")
	return len(trimmed) == 0 || trimmed[0] == '{' || trimmed[0] == '/'
}
