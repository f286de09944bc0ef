package object

import (
	"io"
	"strconv"
	"strings"
)

// Request asks for bytes of one object.
type Request struct {
	Key string
	// Off and Length are the range; Length 0 asks for the whole object. A range may end beyond the object.
	Off, Length int64
	// Version, if not empty, is what Content.Version said before: another one is an error of kind [Changed].
	Version string
}

// whole tells whether no range is asked for.
func (r Request) whole() bool { return r.Length <= 0 }

// rangeHeader is the range as HTTP spells it.
func (r Request) rangeHeader() string {
	return "bytes=" + strconv.FormatInt(r.Off, 10) + "-" + strconv.FormatInt(r.Off+r.Length-1, 10)
}

// Content is the answer to a Request: a body that the caller closes. It may end early.
type Content struct {
	Body io.ReadCloser
	// Length is how many bytes the body should have.
	Length int64
	// Size is that of the whole object.
	Size int64
	// Version changes when the object is replaced: an ETag or a generation. Empty where the store gives none.
	Version string
}

// Item is one object as a listing shows it.
type Item struct {
	Key  string
	Size int64
	// Version is what Content.Version would be. Only a [Scan] gives it.
	Version string
}

// Page is a part of a listing.
type Page struct {
	Items []Item
	// Prefixes are what folders would be, where the listing is of what lies directly below a prefix; they end in a slash.
	Prefixes []string
	// Next continues the listing; empty at its end.
	Next string
}

// parseContentRange reads "bytes 0-99/1234".
func parseContentRange(header string) (off, size int64, ok bool) {
	text, ok := strings.CutPrefix(header, "bytes ")
	if !ok {
		return 0, 0, false
	}
	span, total, ok := strings.Cut(text, "/")
	if !ok {
		return 0, 0, false
	}
	size, err := strconv.ParseInt(total, 10, 64)
	if err != nil || size < 0 {
		return 0, 0, false
	}
	first, _, _ := strings.Cut(span, "-")
	if off, err = strconv.ParseInt(first, 10, 64); err != nil {
		off = -1 // "*": the range was outside
	}
	return off, size, true
}

// contentOf checks that an answer has the range that was asked for. body is closed where it has not.
func contentOf(r Request, body io.ReadCloser, length int64, contentRange, version string) (*Content, error) {
	c := &Content{Body: body, Length: length, Size: length, Version: version}
	problem := ""
	off, size, ranged := parseContentRange(contentRange)
	switch {
	case length < 0:
		problem = "an answer without a length"
	case ranged && !r.whole() && off == r.Off && length <= r.Length && off+length <= size:
		c.Size = size
	case ranged:
		problem = "the range " + strconv.Quote(contentRange)
	case r.Off != 0:
		problem = "all of it: ranges are not understood by the server, or by what stands before it"
	}
	if version != "" && r.Version != "" && version != r.Version {
		_ = body.Close()
		return nil, &Error{Kind: Changed, Message: "it is now " + version + ", and was " + r.Version}
	}
	if problem != "" {
		_ = body.Close()
		return nil, &Error{Kind: Malformed, Message: "asked for " + r.rangeHeader() + " and got " + problem}
	}
	return c, nil
}
