package object

import (
	"net/http"
	"strings"
)

// Write is a small object, put whole, on a condition that the store checks together with the write.
//
// What the stores call it: S3 and Azure If-None-Match: * and If-Match: ETAG, Google ifGenerationMatch=0 and =N.
type Write struct {
	Key string
	// Version is that of the object that is replaced; empty creates one where none is.
	Version string
	// Body must differ from that of every other write of the key: S3 makes its versions of the bytes alone.
	Body []byte
}

// Scan asks for objects below a prefix, at whatever depth, in the order of their keys' bytes.
type Scan struct {
	Prefix string
	// After leaves out keys up to and with this one. Empty: none.
	After string
	// Token continues a scan: the Next of its last page.
	Token string
	// Limit is how many objects a page has at most; stores have limits of their own, at least 1000.
	Limit int
}

// putFailed tells in one way what the stores say in several where the condition did not hold: [Changed], and nothing was
// written. S3 answers a replacement of what is gone with 404, and what it could not order among others with 409, to be
// repeated. Source: "Conditional write behavior" in the Amazon S3 User Guide; "Put Blob" in Azure's REST reference, where an
// existing blob that was to be created is 409 BlobAlreadyExists.
func putFailed(err error) error {
	e, ok := err.(*Error) //nolint:errorlint // as the stores here return it; what is wrapped has its meaning already
	if !ok {
		return err
	}
	switch {
	case e.Kind == Missing, e.Status == http.StatusConflict && e.Code == "BlobAlreadyExists":
		e.Kind = Changed
	case e.Status == http.StatusConflict && e.Code == "ConditionalRequestConflict":
		e.Kind = Busy
	case e.Status == http.StatusNotImplemented:
		e.Advice = "the store knows no conditional writes (If-Match, If-None-Match): keep the run's state elsewhere"
	}
	if e.Kind == Changed {
		e.Advice = ""
	}
	return e
}

// mayWrite adapts the advice for one who may read and not write.
func mayWrite(err error, advice string) error {
	if e, ok := err.(*Error); ok && e.Kind == Denied { //nolint:errorlint // as above
		e.Advice = advice
	}
	return err
}

// deleted makes a success of what was gone already.
func deleted(err error) error {
	if KindOf(err) == Missing {
		return nil
	}
	return err
}

// page checks that a store lists in the order of bytes, which is what going on after a key relies on, and leaves out what the
// store gave in addition.
func (s Scan) page(p *Page) (*Page, error) {
	last := s.After
	kept := p.Items[:0]
	for _, item := range p.Items {
		if item.Key == s.After || !strings.HasPrefix(item.Key, s.Prefix) {
			continue
		}
		if item.Key <= last {
			return nil, &Error{Kind: Malformed, Size: -1, Message: "the listing has " + item.Key + " after " + last, Advice: "the store does not list in the order of names: keep the run's state elsewhere"}
		}
		last = item.Key
		kept = append(kept, item)
	}
	p.Items = kept
	return p, nil
}
