// Package corpus loads documents into a real server. It has three corpora:
//
//   - the awkward one ([Corpus]), for the fixtures: many small indices, one
//     per shape of id, routing, source, segment, mapping or setting that matters;
//   - the [Shop], for the demo;
//   - events ([Load], [Writer]), as many as one likes, for benchmarks and for the
//     end-to-end tests that need time to be interrupted in.
//
// An event is a line of an access log: dates, numbers, addresses, a hexadecimal trace
// and prose over a vocabulary in which few words are frequent and most are rare, so
// that it compresses about as real ones do (to roughly two fifths with Lucene's LZ4).
//
// All of it is seeded: the same input every time, save the ids that servers choose.
package corpus
