// Package docvalues reads the columns of a Lucene segment: per field, the values of each document.
//
//	.dvm  per field: kind, where its ranges lie, how they are packed     read whole, ParseMeta
//	.dvd  the ranges                                                     read in pieces, Column
//
//	document ─> documents with a value ─> index ─┬─> number                                  Numeric
//	            (IndexedDISI, bitmap)            ├─> start .. end ─> numbers                 SortedNumeric
//	                                             ├─> ordinal, ordinals ─> dictionary ─> terms  Sorted, SortedSet
//	                                             └─> start .. end ─> bytes                   Binary
//
// [ParseMeta] reads .dvm, [Meta.Open] takes the .dvd beside it, [Columns.Column] gives a cursor over one column. A
// cursor goes forward, document by document, and holds a few pieces of the ranges it reads, never a column or a
// dictionary. Cursors are independent of each other; each belongs to one goroutine.
//
// A format is chosen by the codec name in the header of .dvm: rows of one table, whose meaning all come down to the
// same few ranges. No number of the files is believed before the file could hold what it counts.
//
// It does not know which files a field's column is in, nor what its values mean to Elasticsearch.
package docvalues
