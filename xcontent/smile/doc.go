// Package smile turns SMILE, the binary JSON in which Elasticsearch and OpenSearch keep snapshot
// metadata (and, rarely, documents), into the JSON that means the same.
//
//	+----------+-------+--------------------------------------------+------------+
//	| 3A 29 0A | flags | one value: token, payload, token, payload… | FF         |
//	+----------+-------+--------------------------------------------+------------+
//	  ":)\n"     bit 0: names are shared (a repeated key is a reference)  optional end
//	             bit 1: short strings are shared too
//	             bit 2: raw bytes may occur
//
// Nothing is lost: integers and decimals of any size keep their digits, a float stays a float (1.0, not
// 1), and is written with the fewest digits that read back as the same number. Bytes become a base64
// string, the form JSON itself has for them in these products. NaN and the infinities, for which JSON
// has no number, become the strings "NaN", "Infinity" and "-Infinity", as Jackson writes them.
//
// It does not encode, and knows no documents: what the JSON means is for its callers.
//
// Sources of the format: github.com/FasterXML/smile-format-specification, and for what encoders really
// write, Jackson's SmileConstants, SmileGenerator and SmileParser.
package smile
