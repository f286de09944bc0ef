//go:build e2e

package kafkalog

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"migassist/capture"
	"migassist/capture/capturetest"
	"migassist/internal/testcluster"
)

// startKafka starts a broker that ends with the test.
func startKafka(t testing.TB, spec testcluster.KafkaSpec) *testcluster.Kafka {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	k, err := testcluster.StartKafka(ctx, spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := k.Stop(); err != nil {
			t.Error(err)
		}
	})
	return k
}

func openAppender(t testing.TB, o Options) *Appender {
	t.Helper()
	a, err := OpenAppender(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func openSource(t testing.TB, o Options, r Reading) *Source {
	t.Helper()
	s, err := OpenSource(t.Context(), o, r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// again starts a broker that was killed a moment ago.
func again(t *testing.T, k *testcluster.Kafka) {
	<-time.After(200 * time.Millisecond)
	if err := k.Start(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}

func TestContract(t *testing.T) {
	k := startKafka(t, testcluster.KafkaSpec{MaxMessageBytes: 2 << 20, NoAutoCreate: true})
	for _, partitions := range []int{1, 5} {
		t.Run(fmt.Sprintf("%d partitions", partitions), func(t *testing.T) {
			contract(t, Options{Brokers: []string{k.Addr}, Create: &Creation{Partitions: partitions}, Timeout: 5 * time.Second}, func(t *testing.T) {
				if err := k.Kill(); err != nil {
					t.Error(err)
					return
				}
				again(t, k)
			})
		})
	}
}

func TestContractOfKafka4(t *testing.T) {
	k := startKafka(t, testcluster.KafkaSpec{Version: "4.0.0", MaxMessageBytes: 2 << 20, SASL: true})
	contract(t, Options{
		Brokers: []string{k.Addr}, Create: &Creation{Partitions: 3}, Auth: ScramSHA512, Username: testcluster.KafkaUsername, Password: testcluster.KafkaPassword,
	}, nil)
}

// TestContractOfACluster has three copies of each of nine partitions on three brokers, of which one after the other is killed: leaders move,
// and what was acknowledged stays.
func TestContractOfACluster(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	brokers, err := testcluster.StartKafkas(ctx, testcluster.KafkaSpec{MaxMessageBytes: 2 << 20, NoAutoCreate: true, HeapMiB: 384}, 3)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Create: &Creation{Partitions: 9}, Timeout: 10 * time.Second}
	for _, k := range brokers {
		o.Brokers = append(o.Brokers, k.Addr)
		t.Cleanup(func() {
			if err := k.Stop(); err != nil {
				t.Error(err)
			}
		})
	}
	checkCreation(t, o)
	if err := brokers[2].Kill(); err != nil {
		t.Fatal(err)
	}
	for i := range 4 { // whoever is asked, and whoever that one names: somebody may not have noticed yet
		o := o
		o.Topic = fmt.Sprintf("one-is-away-%d", i)
		_ = openAppender(t, o).Close()
	}
	again(t, brokers[2])
	victim := 0
	contract(t, o, func(t *testing.T) {
		k := brokers[victim%len(brokers)]
		victim++
		if err := k.Kill(); err != nil {
			t.Error(err)
			return
		}
		<-time.After(8 * time.Second) // the others take over
		again(t, k)
	})
}

// checkCreation makes a topic and looks at what came of it.
func checkCreation(t *testing.T, o Options) {
	t.Helper()
	o.Create = &Creation{}
	_ = openAppender(t, o).Close()
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	client := &kafka.Client{Addr: kafka.TCP(o.Brokers...), Transport: transport}
	found, err := client.Metadata(t.Context(), &kafka.MetadataRequest{Topics: []string{DefaultTopic}})
	if err != nil {
		t.Fatal(err)
	}
	partitions := found.Topics[0].Partitions
	if len(partitions) != defaultPartitions || len(partitions[0].Replicas) != 3 {
		t.Errorf("%d partitions with %d copies, want %d with 3", len(partitions), len(partitions[0].Replicas), defaultPartitions)
	}
	names := map[string]string{
		"min.insync.replicas": "2", "compression.type": "producer", "cleanup.policy": "delete", "retention.ms": fmt.Sprint(defaultRetention.Milliseconds()),
	}
	answer, err := client.DescribeConfigs(t.Context(), &kafka.DescribeConfigsRequest{Resources: []kafka.DescribeConfigRequestResource{{
		ResourceType: kafka.ResourceTypeTopic, ResourceName: DefaultTopic, ConfigNames: slices.Collect(maps.Keys(names)),
	}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range answer.Resources[0].ConfigEntries {
		if want := names[entry.ConfigName]; entry.ConfigValue != want {
			t.Errorf("%s is %s, want %s", entry.ConfigName, entry.ConfigValue, want)
		}
		delete(names, entry.ConfigName)
	}
	if len(names) > 0 {
		t.Errorf("not told: %v", names)
	}
}

// contract runs the suite, with a topic of its own for every log.
func contract(t *testing.T, o Options, breaks func(t *testing.T)) {
	topics := 0
	capturetest.Run(t, func(*testing.T) capturetest.Log {
		o := o
		topics++
		o.Topic = fmt.Sprintf("contract-%d-%d", o.Create.Partitions, topics)
		return capturetest.Log{
			Appender: func(t *testing.T) capture.Appender { return openAppender(t, o) },
			Source:   func(t *testing.T, follow bool) capture.Source { return openSource(t, o, Reading{Follow: follow}) },
			Break:    breaks,
			Patience: time.Minute,
		}
	})
}

// readAll reads to the end, and returns the records in the order in which they came.
func readAll(t testing.TB, o Options, r Reading) []capture.Entry {
	t.Helper()
	s := openSource(t, o, r)
	var entries []capture.Entry
	for {
		e, err := s.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return entries
		}
		if err != nil {
			t.Fatalf("after %d records: %v", len(entries), err)
		}
		entries = append(entries, e)
	}
}

// allow lets a user do something with all topics.
func allow(t *testing.T, k *testcluster.Kafka, principal string, operations ...string) {
	t.Helper()
	acl(t, k, kafka.ACLPermissionTypeAllow, principal, operations)
}

// deny forbids it, whatever was allowed.
func deny(t *testing.T, k *testcluster.Kafka, principal string, operations ...string) {
	t.Helper()
	acl(t, k, kafka.ACLPermissionTypeDeny, principal, operations)
}

func acl(t *testing.T, k *testcluster.Kafka, permission kafka.ACLPermissionType, principal string, operations []string) {
	t.Helper()
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	client := &kafka.Client{Addr: kafka.TCP(k.Open), Transport: transport}
	var entries []kafka.ACLEntry
	for _, name := range operations {
		operation := map[string]kafka.ACLOperationType{"READ": kafka.ACLOperationTypeRead, "WRITE": kafka.ACLOperationTypeWrite, "DESCRIBE": kafka.ACLOperationTypeDescribe}[name]
		entries = append(entries, kafka.ACLEntry{
			ResourceType: kafka.ResourceTypeTopic, ResourceName: "*", ResourcePatternType: kafka.PatternTypeLiteral,
			Principal: principal, Host: "*", Operation: operation, PermissionType: permission,
		})
	}
	answer, err := client.CreateACLs(t.Context(), &kafka.CreateACLsRequest{ACLs: entries})
	if err == nil {
		err = errors.Join(answer.Errors...)
	}
	if err != nil {
		t.Fatal(err)
	}
	<-time.After(500 * time.Millisecond) // until the broker has it from its controller
}

// foreignIdentity makes a client certificate that nobody trusts, in a folder.
func foreignIdentity(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"client.pem": {Type: "CERTIFICATE", Bytes: raw}, "client.key": {Type: "PRIVATE KEY", Bytes: encoded}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
