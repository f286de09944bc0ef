package rewrite

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"

	"migassist/capture"
	"migassist/cluster/route"
	"migassist/replay/effect"
)

// work is one request on its way.
type work struct {
	*Options
	x      *capture.Exchange
	e      *effect.Effect
	method string
	path   path
	query  query
	body   []byte // what is sent; the captured bytes until something is changed
	json   bool   // body was changed, and is plain JSON now
	header []Field
	sent   []int
	notes  []Note
}

// Request returns what the target gets for an exchange of which effect.Of said e. decide may be nil. An error says that a body could not
// be packed or printed; what is not sent on purpose has a Skip instead.
func (r *Rewriter) Request(x *capture.Exchange, e *effect.Effect, decide Decide) (Request, []Note, error) {
	w := work{Options: &r.options, x: x, e: e, method: string(x.Request.Head.Method), body: x.Request.Body}
	if reason := w.unwanted(decide); reason != "" {
		w.note(LeftOut, string(reason))
		return Request{Skip: reason}, w.notes, nil
	}
	target := string(x.Request.Head.Target)
	w.path, w.query = pathOf(target, e.Route), queryOf(target)
	w.rewriteRoute()
	reason, err := w.rewriteBody(decide)
	if err != nil {
		return Request{}, w.notes, fmt.Errorf("rewrite %s %s: %w", w.method, target, err)
	}
	if reason != "" {
		w.note(LeftOut, string(reason))
		return Request{Skip: reason}, w.notes, nil
	}
	if err := w.headers(); err != nil {
		return Request{}, w.notes, fmt.Errorf("rewrite %s %s: %w", w.method, target, err)
	}
	text := w.Prefix + w.path.String() + w.query.String()
	return Request{Method: w.method, Target: text, Header: w.header, Body: w.body, Operations: w.sent}, w.notes, nil
}

func (w *work) note(kind NoteKind, what string) {
	w.notes = append(w.notes, Note{Kind: kind, Item: -1, What: what})
}

// unwanted says why all of the request is not sent.
func (w *work) unwanted(decide Decide) Reason {
	e := w.e
	switch {
	case !w.x.Request.Whole:
		return CutOff
	case e.Reads:
		return ""
	case e.Applied == effect.No && !w.Refused:
		return NotApplied
	case e.Wrong != nil && e.Route.Kind == route.Bulk && (e.Wrong.Kind == effect.Encoding || e.Wrong.Kind == effect.BadLine) && e.Applied != effect.No:
		return Unread
	}
	if len(e.Operations) == 1 && e.Operations[0].Item < 0 {
		return w.unwantedOperation(&e.Operations[0], decide)
	}
	return ""
}

// unwantedOperation says why an operation is not sent.
func (w *work) unwantedOperation(o *effect.Operation, decide Decide) Reason {
	switch {
	case o.Applied == effect.No && !w.Refused:
		return NotApplied
	case o.AutoID && o.ID == "" && !w.TargetIDs && o.Applied != effect.No:
		return NoID
	case decide != nil && !decide(o):
		return Decided
	}
	return ""
}

// changed takes a body that differs from the captured one.
func (w *work) changed(body []byte) { w.body, w.json = body, true }

// headers makes the header of the target's request, and packs the body as it says.
func (w *work) headers() error {
	head := &w.x.Request.Head
	dropped := strings.ToLower(string(head.Get("Connection")))
	coding := strings.ToLower(string(head.Get("Content-Encoding")))
	packed := coding != "" && coding != "identity"
	if packed && w.Unpack && !w.json {
		plain, err := effect.Plain(&w.x.Request)
		if err != nil {
			w.note(NotJSON, err.Error())
		} else {
			w.body, packed = plain, false
		}
	}
	again := w.json && packed && !w.Unpack && coding != "deflate"
	if w.json && !again {
		packed = false
	}
	if again {
		zipped, err := zip(w.body)
		if err != nil {
			return err
		}
		w.body = zipped
	}
	w.header = make([]Field, 0, 8+len(w.Headers))
	for name, value := range head.Fields() {
		field := Field{string(name), string(value)}
		if w.sends(&field, dropped, packed) {
			w.header = append(w.header, field)
		}
	}
	if w.Authorization != "" {
		w.header = append(w.header, Field{"Authorization", w.Authorization})
	}
	w.header = append(w.header, w.Headers...)
	return nil
}

// sends tells whether a captured header line is sent, and changes what its value must be.
func (w *work) sends(f *Field, connection string, packed bool) bool {
	name := strings.ToLower(f.Name)
	switch name {
	case "connection", "keep-alive", "proxy-connection", "proxy-authorization", "proxy-authenticate", "te", "trailer", "transfer-encoding", "upgrade",
		"content-length", "host", "expect":
		return false
	case "authorization":
		return !w.RemoveAuth && w.Authorization == ""
	case "content-encoding":
		return packed
	case "content-type", "accept":
		f.Value = mediaType(f.Value, w.json && name == "content-type", w.e.Route.Kind == route.Bulk)
	}
	for each := range strings.SplitSeq(connection, ",") {
		if strings.TrimSpace(each) == name {
			return false
		}
	}
	for _, own := range w.Headers {
		if strings.EqualFold(own.Name, f.Name) {
			return false
		}
	}
	return true
}

// mediaType is a media type that OpenSearch knows: without the versions that clients of Elasticsearch 8 name, and of JSON where the body was made JSON.
func mediaType(value string, made, lines bool) string {
	lower := strings.ToLower(value)
	binary := strings.Contains(lower, "smile") || strings.Contains(lower, "cbor") || strings.Contains(lower, "yaml")
	switch {
	case made && binary && lines:
		return "application/x-ndjson"
	case made && binary:
		return "application/json"
	case strings.HasPrefix(lower, "application/vnd.elasticsearch+"):
		kind, _, _ := strings.Cut(lower[len("application/vnd.elasticsearch+"):], ";")
		return "application/" + strings.TrimSpace(kind)
	}
	return value
}

func zip(body []byte) ([]byte, error) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(body); err != nil {
		return nil, err
	}
	err := z.Close()
	return packed.Bytes(), err
}

// AppendHead appends the head of the request as HTTP/1.1 has it, for a host.
func (r *Request) AppendHead(dst []byte, host string) []byte {
	dst = fmt.Appendf(dst, "%s %s HTTP/1.1\r\nHost: %s\r\n", r.Method, r.Target, host)
	for _, f := range r.Header {
		dst = append(append(append(append(dst, f.Name...), ": "...), f.Value...), "\r\n"...)
	}
	if len(r.Body) > 0 || r.Method == "POST" || r.Method == "PUT" {
		dst = fmt.Appendf(dst, "Content-Length: %d\r\n", len(r.Body))
	}
	return append(dst, "\r\n"...)
}
