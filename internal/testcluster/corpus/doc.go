// Package corpus makes many believable documents and loads them into a real server,
// for benchmarks and for the end-to-end tests that need time to be interrupted in.
//
// A document is an access-log event: dates, numbers, addresses, a hexadecimal trace
// and prose over a vocabulary in which few words are frequent and most are rare, so
// that it compresses about as real ones do (to roughly two fifths with Lucene's LZ4). The same
// number always gives the same document.
//
// It is not the fixtures' corpus, which is small and of awkward shapes.
package corpus
