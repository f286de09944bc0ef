// Package route knows the REST routes of Elasticsearch (1.7 to 9) and OpenSearch (1 to 3) as data: what a request does, and to which index,
// type and document.
//
//	"POST", "/shop/_doc/7?routing=a"  ──>  Route{Changes: true, Kind: Document, Name: "/{index}/_doc/{id}", Index: "shop", ID: "7"}
//
// What changes something is decided by route, not by method alone: searches are reads even as POST, and so is the end of a scroll. A
// request of an unknown route changes something unless its method is GET, HEAD or OPTIONS.
//
// The package reads no body but that of _bulk, line by line, and asks no server whether it has a route.
package route
