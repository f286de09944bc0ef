// Package indexlease keeps the records of a fleet in an index: on the target, or on a cluster of its own.
//
//	.migassist-SESSION  <── alias .migassist-SESSION.GENERATION, through which all is read and written
//	  _id     the key, "/" as "~1"; of long keys a hash
//	  key     keyword  ── List: a range, sorted
//	  open    boolean  ── List: a term
//	  write   names the one Put that wrote this; not indexed
//	  body    the record's JSON, not looked into
//
// Get is the real-time get by id; Put is one write with op_type=create, or with if_seq_no and if_primary_term; the version of a
// record is "GENERATION:PRIMARY_TERM:SEQ_NO". Only List searches, and only Sync refreshes. There are no scripts and nothing is done
// by query, so that the smallest builds and the strictest services will do: Elasticsearch 6.8 to 9, OpenSearch 1 to 3.
//
// Numbers begin anew in an index that was deleted and made again. So each one made has a generation in the name of its
// alias, and a worker of the run before writes to an alias that is gone. It has capital letters, which no index may have:
// no write brings an index into being in passing.
//
// Each Put writes a name of its own into the record. So one whose answer got lost is sent again without fear: what
// conflicts with it then is either itself, which Get tells by that name, or somebody else.
//
// The index comes into being by the first Put that creates a record, with all that matters said outright. What index templates of
// the cluster would add is taken off again or refused by name.
package indexlease
