// Package filelog keeps a capture in a folder: the log for those who have no Kafka, and the place where a proxy puts records while its
// log takes none.
//
//	FOLDER/NODE/lock                         held by the process that writes here
//	FOLDER/NODE/00000000000000000000.log     a segment, named by the number of its first record
//
//	segment  ┌ "MIGCAP" 00 01 ┐┌ frame ┐┌ frame ┐…
//	frame    ┌ length u32 ┬ CRC32C u32 ┬ time i64 (ns) ┬ key length u16 ┬ key ┬ value ┐   little-endian
//	           └ of what follows the sum; the sum is of the same bytes
//
// A frame whose bytes are not all there, or not those of its sum, at the very end of a folder is a torn tail: what a process that
// died was about to write, and had acknowledged to nobody. A writer that opens the folder again cuts it off. Anywhere else it is
// damage, which readers report and step over.
//
// Several processes share a FOLDER, each with a NODE of its own. Readers need no lock, and follow a log that is written.
package filelog
