package objectlease

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"

	"migassist/rfs/lease"
)

// format is the version of the objects' content. Another one is refused: it was written by another migassist.
const format = 1

// header is the first line of an object.
type header struct {
	Format int    `json:"format"`
	Key    string `json:"key"`
	Open   bool   `json:"open"`
	Write  string `json:"write"` // a number of this write's own
}

// pack makes the content of an object: the header, spaces, and the body. Its size is even where the record is open.
func pack(r lease.Record) ([]byte, error) {
	data, err := json.Marshal(header{Format: format, Key: r.Key, Open: r.Open, Write: rand.Text()})
	if err != nil {
		return nil, err
	}
	if isOpen(int64(len(data)+1+len(r.Body))) != r.Open {
		data = append(data, ' ')
	}
	data = append(data, '\n')
	return append(data, r.Body...), nil
}

// isOpen tells by an object's size whether its record is open.
func isOpen(size int64) bool { return size%2 == 0 }

// unpack reads an object.
func unpack(key, version string, data []byte) (lease.Record, error) {
	line, body, ok := bytes.Cut(data, []byte{'\n'})
	var h header
	err := json.Unmarshal(line, &h)
	switch {
	case !ok || err != nil || h.Format == 0:
		return lease.Record{}, fmt.Errorf("record %s: the object is none of migassist's; keep nothing else below the session's prefix", key)
	case h.Format != format:
		return lease.Record{}, fmt.Errorf("record %s: it has format %d, and this version reads %d: run one version of migassist in a session", key, h.Format, format)
	case h.Key != key:
		return lease.Record{}, fmt.Errorf("record %s: the object says that it is record %s: objects were copied or renamed by hand", key, h.Key)
	case isOpen(int64(len(data))) != h.Open:
		return lease.Record{}, fmt.Errorf("record %s: its size does not tell whether it is open: the object was changed by hand", key)
	}
	return lease.Record{Key: key, Version: version, Open: h.Open, Body: body}, nil
}
