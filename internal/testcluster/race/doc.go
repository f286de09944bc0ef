// Command race moves the same documents from a real Elasticsearch 7.10.2 to a real OpenSearch 2.19.1 in several ways by turns, and
// prints what each took: _reindex from remote, our command as one worker, and as four that share a state file.
//
//	go run ./internal/testcluster/race -repository DIR/repository -binary bin/migassist
//
//	repository ──restore──> Elasticsearch 7.10.2 ──_reindex──> OpenSearch 2.19.1
//	    └──────────────────────── migassist rfs ──────────────────^
//
// The target's index is made anew for every run, with the same settings, mappings, refresh and replicas, and a run begins when the
// target has come to rest. Nothing is compressed on the way. Times of the command are those of whole processes; those of the servers
// are what the system counts for their process groups meanwhile. It needs Linux, Java 17 and Maven.
package main
