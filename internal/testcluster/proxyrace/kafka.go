//go:build linux

package main

import (
	"context"

	"migassist/internal/testcluster"
)

// startKafka starts a broker, which keeps little: a minute of a race is gigabytes.
func startKafka(ctx context.Context) (brokers string, stop func() error, err error) {
	kafka, err := testcluster.StartKafka(ctx, testcluster.KafkaSpec{
		HeapMiB: 1024,
		Settings: map[string]string{
			"log.segment.bytes": "67108864", "log.retention.bytes": "268435456", "log.retention.check.interval.ms": "5000", "log.segment.delete.delay.ms": "1000",
		},
	})
	if err != nil {
		return "", nil, err
	}
	return kafka.Addr, kafka.Stop, nil
}
