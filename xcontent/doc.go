// Package xcontent tells apart the encodings in which Elasticsearch and OpenSearch keep values, and turns each into JSON.
// "XContent" is what the servers call them together.
//
//	           +-> SMILE ─┐
//	LZF ───────┤   CBOR  ─┼─> JSON
//	DEFLATE ───┤   YAML  ─┘     ^
//	           +-> JSON ────────┘
//	compressed     encoded       equal as a value to what the server that holds it returns
//
// JSON passes through byte for byte. Nesting, numbers and decompressed bytes are bounded.
//
// It does not encode, and does not judge what a value means: JSON that comes in broken goes out broken.
package xcontent
