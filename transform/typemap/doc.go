// Package typemap sends documents of mapping types to indices of their own, or of several types to one.
//
//	{"sourceProperties": {"version": {"major": 5, "minor": 6}},
//	 "staticMappings":   {"activity": {"user": "users", "post": "posts"}},
//	 "regexMappings":    [{"sourceIndexPattern": "time-(.*)", "sourceTypePattern": "(cpu|net)", "targetIndexPattern": "$2-$1"}]}
//
// An index that is in staticMappings is settled there: a type that is not listed is dropped. Of regexMappings the first whose two patterns
// match all of the name decides; $1, $2, … are the groups of both, those of the index first. Without regexMappings every type goes to
// an index of the name of its own: the types are united. What matches nothing is dropped.
//
// The keys, the order of things and the default are those of TypeMappingSanitizationTransformerProvider of the Java implementation.
//
// Requests follow their documents: those of one document, bulk requests, searches, mappings and the making of indices. Requests about templates
// and aliases pass as they are. Where several types come to one index, a search of one of them finds the others too: documents do not say what
// type they had.
package typemap
