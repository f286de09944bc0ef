package version

import "strings"

// Flavor is the product a version belongs to. The two products number their versions independently,
// so versions of different flavors have no order.
type Flavor int

// The known flavors. The zero value is a version whose product was not said.
const (
	Unknown Flavor = iota
	Elasticsearch
	OpenSearch
)

// flavorNames are the spellings accepted by Parse, in lower case. The managed services run the same
// product under another short name.
var flavorNames = map[string]Flavor{
	"es":            Elasticsearch,
	"elasticsearch": Elasticsearch,
	"os":            OpenSearch,
	"opensearch":    OpenSearch,
	"aos":           OpenSearch,
}

// ParseFlavor reads the name of a product, in any case: elasticsearch, es, opensearch, os, aos.
func ParseFlavor(name string) (Flavor, bool) {
	flavor, ok := flavorNames[strings.ToLower(strings.TrimSpace(name))]
	return flavor, ok
}

// String is the product's own name, for people to read.
func (f Flavor) String() string {
	switch f {
	case Elasticsearch:
		return "Elasticsearch"
	case OpenSearch:
		return "OpenSearch"
	case Unknown:
	}
	return "unknown product"
}

// Short is the prefix used in configuration and state: "ES" or "OS", and "" for an unknown product.
func (f Flavor) Short() string {
	switch f {
	case Elasticsearch:
		return "ES"
	case OpenSearch:
		return "OS"
	case Unknown:
	}
	return ""
}
