// Package cbor turns CBOR, one of the encodings in which Elasticsearch and OpenSearch take documents, into the JSON that
// means the same.
//
//	+-------------+-------------------+-------------------+
//	| mmm : nnnnn | 0, 1, 2, 4, 8 B   | payload           |   one item
//	+-------------+-------------------+-------------------+
//	  major type    argument: nnnnn     m=0  integer n               m=4  array of n items
//	                itself below 24;    m=1  integer -1-n            m=5  map of n keys and values
//	                31: no length,      m=2  n bytes                 m=6  tag n before an item
//	                ends with FF        m=3  n bytes of text         m=7  false, true, null, floats
//
// What JSON has no form for becomes what Jackson, the parser inside these products, makes of it: bytes are base64, undefined
// is null, keys that are numbers become text, a simple value is its number, numbers beyond 64 bits (tags 2 and 3) and
// decimals (tag 4) keep their digits, floats of 16 and 32 bits get the fewest digits that read back as the same float. Other
// tags are passed over.
//
// It does not encode. References to strings (tags 25 and 256) are refused: no release took documents with them.
//
// Sources of the format: RFC 8949, and CBORParser of github.com/FasterXML/jackson-dataformats-binary.
package cbor
