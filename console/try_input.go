package console

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"migassist/transform"
	"migassist/xcontent/tree"
)

// lineReader takes documents apart, in whichever of these forms each line has:
//
//	{"_index":"i","_id":"1","_source":{…}}                          a hit of a search; "console snapshot cat" prints them too
//	{"operation":{"_index":"i","_id":"1"},"document":{…}}           as transforms see it
//	{"index":{"_index":"i","_id":"1"}} and, in the next line, {…}   a bulk request
//	{…}                                                             a document alone; its id is the number of the line
type lineReader struct {
	from   io.Reader
	lines  *bufio.Reader
	number int
	index  string
}

// badLine is a line that is no document.
type badLine struct{ error }

// maxLine bounds a line: what Elasticsearch takes of one request, and a bit more.
const maxLine = 128 << 20

// next returns the next document, and the number of its first line; io.EOF after the last.
func (r *lineReader) next() (m *transform.Message, number int, err error) {
	line, err := r.line()
	if err != nil {
		return nil, r.number, err
	}
	number = r.number
	value, err := object(line)
	if err != nil {
		return nil, number, badLine{err}
	}
	operation, document := tree.NewObject(), value.Get("_source")
	switch action := bulkAction(value); {
	case value.Get("operation").Kind() == tree.Object:
		m, err = written(value)
		return m, number, err
	case document.Kind() == tree.Object:
		for _, name := range []string{"_index", "_type", "_id", "_routing"} {
			if v := value.Get(name); v != nil {
				operation.Set(name, v)
			}
		}
	case action != "":
		operation = value.Get(action)
		operation.Set("op_type", tree.NewString(action))
		if document, err = r.source(action); err != nil {
			return nil, number, err
		}
	default:
		operation.Set("_id", tree.NewString(strconv.Itoa(number)))
		document = value
	}
	if operation.Get("_index") == nil {
		operation.Set("_index", tree.NewString(r.index))
	}
	write := tree.NewObject()
	write.Set("operation", operation)
	if document != nil {
		write.Set("document", document)
	}
	m, err = written(write)
	return m, number, err
}

// source reads the line after an action; a delete has none.
func (r *lineReader) source(action string) (*tree.Value, error) {
	if action == "delete" {
		return nil, nil
	}
	line, err := r.line()
	if errors.Is(err, io.EOF) {
		return nil, badLine{fmt.Errorf("it is a line of a bulk request, %s, and no line with the document follows", action)}
	}
	if err != nil {
		return nil, err
	}
	v, err := object(line)
	if err != nil {
		return nil, badLine{fmt.Errorf("the line with the document: %w", err)}
	}
	return v, nil
}

// written makes a message of an operation with its document; the bytes of the document are the line's.
func written(v *tree.Value) (*transform.Message, error) {
	all, err := (&transform.Message{Kind: transform.Document}).Replace(nil, v)
	if err != nil {
		return nil, badLine{err}
	}
	if err := all[0].Encode(); err != nil {
		return nil, badLine{err}
	}
	return transform.NewDocument(all[0].Write), nil
}

// bulkAction is the action of a line of a bulk request that comes before a document, or "".
func bulkAction(v *tree.Value) string {
	for _, action := range []string{"index", "create", "update", "delete"} {
		operation := v.Get(action)
		if v.Len() != 1 || operation.Kind() != tree.Object {
			continue
		}
		for name := range operation.Members() {
			if name[:min(1, len(name))] != "_" && name != "routing" && name != "version" && name != "version_type" {
				return ""
			}
		}
		return action
	}
	return ""
}

func object(line []byte) (*tree.Value, error) {
	v, err := tree.Parse(line)
	if err != nil {
		return nil, err
	}
	if v.Kind() != tree.Object {
		return nil, fmt.Errorf("it is %s, where an object is wanted", v.Kind())
	}
	return v, nil
}

// line returns the next line that is not empty, in memory of its own.
func (r *lineReader) line() ([]byte, error) {
	if r.lines == nil {
		r.lines = bufio.NewReaderSize(r.from, 64<<10)
	}
	for {
		var line []byte
		var err error
		for more := true; more; {
			var part []byte
			part, err = r.lines.ReadSlice('\n')
			line = append(line, part...)
			more = errors.Is(err, bufio.ErrBufferFull)
			if len(line) > maxLine {
				return nil, fmt.Errorf("line %d has more than %d MiB", r.number+1, maxLine>>20)
			}
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("line %d: %w", r.number+1, err)
		}
		if r.number++; len(bytes.TrimSpace(line)) > 0 {
			return bytes.TrimSpace(line), nil
		}
		if err != nil {
			return nil, io.EOF
		}
	}
}
