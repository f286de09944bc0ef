// Package deadletter keeps the documents that a backfill did not write, each with the reason, until somebody has dealt with them.
//
//	Writer  one file of NDJSON, shared by the processes of a machine:   FILE
//	        or parts in a folder or an object store, of any number of workers:
//	        PLACE/session=S/index=I/worker=W/failed-document-stream-TIME-SEQ.ndjson.gz
//	Place   what is there: Records, each once, but for those that were redriven
//	Mark    that letters were redriven: PLACE/session=S/redriven/…
//
// A [Record] has the fields of the Java implementation's failed document stream, a format number, and the document as the source has it. What a
// killed worker had sent since its last checkpoint is sent again, so that a letter may stand twice; by its [Record.Key] it counts once, as it
// came last. Writers are durable when [Writer.Sync] returns, which the backfill calls before it moves a cursor.
package deadletter
