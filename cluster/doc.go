// Package cluster is the one client to Elasticsearch and OpenSearch.
//
//	            Reader ----------------- readOnly -- retrying(any failure worth it) --+
//	              |  (embedded)                                                       |
//	caller -->  Client --- template, alias, ... ---- retrying(the same) --------------+--> wire --> server
//	                   \-- create, delete index ---- retrying(refused untouched) -----+   deadline, credentials,
//	                    \- bulk ------------------------------------------------------+   typed errors
//
// A [Reader] is the only way to a source. It holds no door through which a write could leave: its one
// transport lets GET, HEAD and the POSTs search, scroll, point in time, mget, count and analyze pass and
// refuses the rest before anything is sent. A [Client] embeds it and adds the writes.
//
// Every answer of 400 or more is an [Error] with the server's own reason; a server that was not reached
// is a [ConnectionError] that says what to do. [Retryable], [NotFound], [Unauthorized] and [TooLarge] are
// the only questions a caller needs to ask of them.
//
// It is not a model of indices or templates: bodies go in and come out as raw JSON, and what they mean
// is the business of metadata. It takes no logger. Requests are written by go-elasticsearch's esapi
// (docs/adr/go-elasticsearch-esapi.md) and carried by elastic-transport-go (docs/adr/elastic-transport.md).
package cluster
