package kafkalog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol/metadata"
)

// topic is a topic that is there, and how to reach it.
type topic struct {
	Options
	addr       net.Addr
	transport  *kafka.Transport
	client     *kafka.Client
	partitions int // as it was at the opening: a key keeps its partition for as long as the log is open
	maxBatch   int // bytes of a batch
}

// fallbackBatch is Kafka's default for message.max.bytes, for when we may not ask.
const fallbackBatch = 1048588

// open connects, and finds or makes the topic; what is wrong, it says. Whether we may read or write, the check asks.
func open(ctx context.Context, o Options, check func(*topic, context.Context) error) (*topic, error) {
	o, err := o.check()
	if err != nil {
		return nil, err
	}
	t := &topic{Options: o, addr: kafka.TCP(o.Brokers...)}
	if t.transport, err = o.transport(ctx); err != nil {
		return nil, err
	}
	t.client = &kafka.Client{Addr: t.addr, Transport: t.transport}
	ctx, cancel := context.WithTimeout(ctx, 2*o.Timeout)
	defer cancel()
	if err := t.find(ctx); err != nil {
		t.close()
		return nil, err
	}
	if err := check(t, ctx); err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

func (t *topic) close() { t.transport.CloseIdleConnections() }

// find looks for the topic, creates it where that is wanted, and asks for its limits.
func (t *topic) find(ctx context.Context) error {
	found, err := t.ask(ctx)
	if err != nil {
		return t.unreachable(err)
	}
	missing := kafka.Error(found.ErrorCode) == kafka.UnknownTopicOrPartition
	if missing && t.Create == nil {
		return fmt.Errorf("topic %s does not exist at %s: create it, or let it be created with --create-topic: %w", t.Topic, t.brokers(), kafka.UnknownTopicOrPartition)
	}
	if missing {
		if err := t.create(ctx); err != nil {
			return err
		}
	}
	for leaderless(found) { // a new topic is known to all brokers a moment later
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return fmt.Errorf("topic %s: a partition has no leader; the brokers that keep it may be down: %w", t.Topic, err)
		}
		if found, err = t.ask(ctx); err != nil {
			return t.unreachable(err)
		}
	}
	if found.ErrorCode != 0 {
		return t.refused(kafka.Error(found.ErrorCode))
	}
	t.partitions = len(found.Partitions)
	return t.ready(ctx)
}

// ready waits until every partition's leader knows that it leads, and whoever is asked for the limit knows the topic.
func (t *topic) ready(ctx context.Context) error {
	for {
		_, err := t.spans(ctx)
		if err == nil {
			t.maxBatch, err = t.askLimit(ctx)
		}
		if err == nil || !stale(err) {
			return err
		}
		if late := pause(ctx, 50*time.Millisecond); late != nil {
			return fmt.Errorf("%w, after %w", late, err)
		}
		t.refresh()
	}
}

// ask returns what a broker says of the topic, asked now and not remembered.
func (t *topic) ask(ctx context.Context) (metadata.ResponseTopic, error) {
	t.refresh()
	return t.known(ctx)
}

// known returns what is remembered of the topic, or asks.
func (t *topic) known(ctx context.Context) (metadata.ResponseTopic, error) {
	ctx, cancel := context.WithTimeout(ctx, t.Timeout)
	defer cancel()
	answer, err := t.transport.RoundTrip(ctx, t.addr, &metadata.Request{TopicNames: []string{t.Topic}})
	if err != nil {
		return metadata.ResponseTopic{}, err
	}
	return answer.(*metadata.Response).Topics[0], nil
}

// refresh forgets connections and metadata.
func (t *topic) refresh() { t.transport.CloseIdleConnections() }

// create makes the topic. A cluster may name a controller that has just died, until it has noticed.
func (t *topic) create(ctx context.Context) error {
	for {
		err := t.createOnce(ctx)
		switch {
		case err == nil, errors.Is(err, kafka.TopicAlreadyExists): // another process was faster, or our own first try was taken
			return nil
		case errors.Is(err, kafka.TopicAuthorizationFailed), errors.Is(err, kafka.ClusterAuthorizationFailed):
			return fmt.Errorf("create topic %s: %s may not; let an administrator do it: %w", t.Topic, t.who(), err)
		case !stale(err):
			return fmt.Errorf("create topic %s: %w", t.Topic, err)
		}
		if late := pause(ctx, 200*time.Millisecond); late != nil {
			return fmt.Errorf("create topic %s: %w, after %w", t.Topic, late, err)
		}
		t.refresh()
	}
}

func (t *topic) createOnce(ctx context.Context) error {
	brokers, err := t.client.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{t.Topic}})
	if err != nil {
		return err
	}
	replication := cmp.Or(t.Create.Replication, min(3, len(brokers.Brokers)))
	retention := max(-1, int64(cmp.Or(t.Create.Retention, defaultRetention)/time.Millisecond))
	entries := []kafka.ConfigEntry{
		{ConfigName: "cleanup.policy", ConfigValue: "delete"},
		{ConfigName: "compression.type", ConfigValue: "producer"}, // batches are kept as they came
		{ConfigName: "retention.ms", ConfigValue: strconv.FormatInt(retention, 10)},
	}
	if replication >= 3 { // one copy may be away; with two copies that would stop the capture, with one it means nothing
		entries = append(entries, kafka.ConfigEntry{ConfigName: "min.insync.replicas", ConfigValue: "2"})
	}
	ctx, cancel := context.WithTimeout(ctx, t.Timeout)
	defer cancel()
	answer, err := t.client.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{{
		Topic: t.Topic, NumPartitions: cmp.Or(t.Create.Partitions, defaultPartitions), ReplicationFactor: replication, ConfigEntries: entries,
	}}})
	if err != nil {
		return err
	}
	return answer.Errors[t.Topic]
}

// refused says why the topic can't be used.
func (t *topic) refused(code kafka.Error) error {
	if code == kafka.TopicAuthorizationFailed {
		return fmt.Errorf("topic %s at %s: %s may not see it, or it does not exist: %w", t.Topic, t.brokers(), t.who(), code)
	}
	return fmt.Errorf("topic %s at %s: %w", t.Topic, t.brokers(), code)
}

// askLimit returns how large a batch the topic takes: its own max.message.bytes, which is the broker's message.max.bytes where it has none;
// Kafka's default where we may not ask.
func (t *topic) askLimit(ctx context.Context) (int, error) {
	const name = "max.message.bytes"
	answer, err := t.client.DescribeConfigs(ctx, &kafka.DescribeConfigsRequest{Resources: []kafka.DescribeConfigRequestResource{{
		ResourceType: kafka.ResourceTypeTopic, ResourceName: t.Topic, ConfigNames: []string{name},
	}}})
	if err != nil {
		return 0, fmt.Errorf("ask for %s of topic %s: %w", name, t.Topic, err)
	}
	for _, resource := range answer.Resources {
		if errors.Is(resource.Error, kafka.TopicAuthorizationFailed) || errors.Is(resource.Error, kafka.ClusterAuthorizationFailed) {
			return fallbackBatch, nil
		}
		if resource.Error != nil {
			return 0, fmt.Errorf("ask for %s of topic %s: %w", name, t.Topic, resource.Error)
		}
		for _, entry := range resource.ConfigEntries {
			if limit, err := strconv.Atoi(entry.ConfigValue); err == nil && entry.ConfigName == name {
				return limit, nil
			}
		}
	}
	return 0, fmt.Errorf("ask for %s of topic %s: the broker does not say", name, t.Topic)
}

func leaderless(found metadata.ResponseTopic) bool {
	code := kafka.Error(found.ErrorCode)
	return code == kafka.LeaderNotAvailable || code == kafka.UnknownTopicOrPartition || code == 0 && slices.ContainsFunc(found.Partitions, func(p metadata.ResponsePartition) bool { return p.LeaderID < 0 })
}

// pause waits, or ends with the context.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
