// Package proxy stands in front of a source, forwards HTTP byte by byte and records what passed.
//
//	              ┌───────────────────────── conn ─────────────────────────┐
//	client ═════> │ requests:  read ─ border ─ record ─ (durable?) ─ write │ ═════> upstream, one connection for each of the client's
//	       <═════ │ answers:   read ─ border ─ record ──────────── write   │ <═════
//	              └──────────────────────────┬─────────────────────────────┘
//	                                      recorder ─> proxy/spool ─> log
//
// Bytes are forwarded as they came, both ways; what is parsed is parsed to know where messages end (capture/httpwire). A head is forwarded
// when all of it is there, a body piece by piece, whatever its size. A piece of a request that changes something is forwarded when its
// record is durable, unless durability is asynchronous; anything else at once.
//
// On Linux, connections without TLS are watched by loops, each of which does for thousands of them, one after the other, whatever needs no waiting; only what may
// wait wakes the connection's goroutines (loop_linux.go). Go's scheduler would wake one for each piece.
//
// A capture that fails never fails a request, unless the operator wants it so ([Options.Reject]). What is left out of a capture, on
// purpose or not, is counted, and marked in it.
//
// HTTP/2 is translated to HTTP/1.1 (http2.go): each stream is a connection of its own, on the way to the upstream and in the capture.
//
// The proxy knows nothing of Elasticsearch but which requests change something, and that it is told.
package proxy
