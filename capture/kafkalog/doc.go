// Package kafkalog is the log of captured traffic as a Kafka topic.
//
//	Append ─> records by partition (murmur2 of the key) ─> batches, zstd ─> one request to each leader ─> all replicas have it
//	                                                                          └ one more try, with fresh metadata
//	fetchers, one for each partition ─> pages ─> Next
//
// A batch is written here, in one buffer, as Kafka keeps it; kafka-go carries it. An append returns when all of it is acknowledged, so
// there is never more than one batch of a partition under way, and nothing can overtake what failed before it. Retries are the caller's:
// only a broker that has just lost its leadership, or a connection that turned out closed, is asked once more.
//
// It is no consumer group: a source reads all partitions, alone.
package kafkalog
