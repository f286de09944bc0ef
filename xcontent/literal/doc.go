// Package literal writes JSON values as Jackson does, in which Elasticsearch and OpenSearch answer: what the decoders of
// the other encodings have in common.
//
//	text      escaped only where JSON demands it
//	float     the fewest digits that read back as the same float or double; always a fraction or an exponent, never an integer
//	decimal   all its digits, as BigDecimal.toString
//	bytes     base64, standard alphabet with padding
//
// NaN and the infinities, for which JSON has no number, become the strings "NaN", "Infinity" and "-Infinity".
//
// It writes values, not documents: commas, braces and nesting are its callers'.
package literal
