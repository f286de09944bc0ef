// Package version is the product and version of a cluster as one comparable value.
//
//	"ES 7.10.2"  "Elasticsearch 7.10"  "OS_2.19.1"  "opensearch 2.19.1"   what people write      Parse
//	7100299                            136407927                          what a server stores   FromID
//	            \                     /
//	             Version{Flavor, Major, Minor, Patch}                     AtLeast, Compare, String
//
// It is not a table of what a version can do: rules and codecs keep their own tables and ask
// [Version.AtLeast].
package version
