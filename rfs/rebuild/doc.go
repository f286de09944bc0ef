// Package rebuild makes the _source of a document again, for indices that did not keep it.
//
//	mapping ──> Plan ──> Losses: what does not come back as it was sent
//	             │ one per segment
//	             └──> Rebuilder ── Append(document) ──> JSON
//	                    │                    ▲
//	                    ├ columns            │  objects by the mapping's paths,
//	                    ├ stored fields      │  values by the types of its fields
//	                    └ nested documents ──┘
//
// A [Plan] belongs to an index and says for each field where its values lie. A [Rebuilder] belongs to one segment and one
// goroutine, and takes documents in ascending order. What is made depends on the index:
//
//	disabled    all that can be found; the complete document where _recovery_source still has it
//	filtered    the stored _source, and what can be found of the fields it was kept from
//	synthetic   what the server would return (Elasticsearch 8.4 and later)
//	derived     what the server would return (OpenSearch 3.2 and later)
//
// Types are rows of a table, and so are the formats of dates.
//
// It reads no index of terms, no points, no vectors: what only they hold is a [Loss]. Indices in the modes time_series and
// logsdb are refused by package snapshot.
package rebuild
