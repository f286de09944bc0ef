// Package sandbox is a small OpenSearch 2.19.1 in memory: the part of the REST API that the demo and the
// fast tests need, with the answers of the real server.
//
//	HTTP --> faults, credentials --> routes --+--> indices: settings, mappings, aliases (checked as the server does)
//	                                          +--> documents: _bulk, _doc, _mget, _search, scroll (sources byte for byte)
//	                                          +--> templates, cluster settings, _cat
//	         problem{status, type, reason} <--+    one shape for every refusal
//
// It behaves: mappings reject what the server's reject, documents live in the shard their routing leads
// to, versions conflict, unknown routes and parameters are refused. What it answers is compared with the
// real server, request by request, by the conformance test (build tag e2e).
//
// It is not a search engine: queries are match_all and ids, analysis is not done, and documents are seen
// by searches at once, without a refresh. It never replaces the real servers in the end-to-end tests.
package sandbox
