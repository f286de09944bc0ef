// Package jmespath rewrites messages with expressions in JMESPath, and asks conditions of them.
//
//	{"script": "{method: method, URI: URI, headers: headers, payload: payload}"}
//
// An expression gets a message as the Java tools give it: of a document's write a list of one operation. What it returns stands in its
// place, null drops a document. Parts that are moved keep their bytes. Numbers are doubles, as JMESPath has them; one that a
// double does not hold exactly can be moved and compared for equality, but not computed with.
package jmespath
