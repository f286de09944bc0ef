package testcluster

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// installKafka returns the folder with Kafka's jars in lib, and makes it on first use.
func installKafka(ctx context.Context, version string) (string, error) {
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	home := filepath.Join(cache, "kafka-"+version)
	if _, err := os.Stat(filepath.Join(home, installed)); err == nil {
		return home, nil
	}
	work, err := os.MkdirTemp(cache, "fetch-")
	if err != nil {
		return "", fmt.Errorf("make a folder in the cache: %w", err)
	}
	defer os.RemoveAll(work) //nolint:errcheck // what is left of a download is only in the way
	jars := []artifact{{"org.apache.kafka", "kafka_2.13", version, "jar"}, {"org.slf4j", "slf4j-simple", "1.7.36", "jar"}}
	if err := fetchAll(ctx, work, jars); err != nil {
		return "", err
	}
	if err := os.Rename(filepath.Join(work, "files"), filepath.Join(work, "lib")); err != nil {
		return "", err
	}
	if err := errors.Join(publish(work), writePublic(filepath.Join(work, installed), nil)); err != nil {
		return "", fmt.Errorf("make Kafka readable: %w", err)
	}
	// Two processes may do this at once; whoever renames first wins, and both are the same.
	if err := os.Rename(work, home); err != nil {
		if _, found := os.Stat(filepath.Join(home, installed)); found != nil {
			return "", fmt.Errorf("keep Kafka in the cache (remove the folder and try again): %w", err)
		}
	}
	return home, nil
}

// member is a broker's place in its cluster.
type member struct {
	id         int
	controller string // the address at which it is a controller
	voters     string // those of all controllers
	cluster    string // the name of the cluster
	session    string // ms after which a broker that is not heard of is given up, and one that was killed may come back
}

// newMembers gives the brokers of a new cluster their places.
func newMembers(ctx context.Context, count int) ([]member, error) {
	ports, err := freePorts(ctx, count)
	if err != nil {
		return nil, err
	}
	name := make([]byte, 16)
	_, _ = rand.Read(name) // it never fails
	name[0] &= 0x7f        // a leading dash would be taken for a flag
	session := "2000"
	if count > 1 { // brokers share the machine, and are not to lose what they lead because it is busy
		session = "6000"
	}
	members, voters := make([]member, count), make([]string, count)
	for i := range members {
		members[i] = member{id: i + 1, controller: fmt.Sprintf("127.0.0.1:%d", ports[i]), cluster: base64.RawURLEncoding.EncodeToString(name), session: session}
		voters[i] = fmt.Sprintf("%d@%s", i+1, members[i].controller)
	}
	for i := range members {
		members[i].voters = strings.Join(voters, ",")
	}
	return members, nil
}

// prepare makes the run folder, its configuration and certificates, and formats the storage with the users in it.
func (k *Kafka) prepare(ctx context.Context) error {
	var err error
	if k.dir == "" {
		if k.dir, err = os.MkdirTemp("", "migassist-kafka-"); err != nil {
			return err
		}
		k.temporary = true
	}
	if k.dir, err = filepath.Abs(k.dir); err != nil {
		return err
	}
	for _, name := range []string{"data", "tmp"} {
		if err := mkdirPublic(k.path(name)); err != nil {
			return err
		}
	}
	ports, err := freePorts(ctx, 2)
	if err != nil {
		return err
	}
	k.Addr, k.Open = fmt.Sprintf("127.0.0.1:%d", ports[0]), fmt.Sprintf("127.0.0.1:%d", ports[1])
	settings := k.settings()
	if k.Spec.TLS {
		if err := k.certify(settings); err != nil {
			return fmt.Errorf("make certificates: %w", err)
		}
	}
	maps.Copy(settings, k.Spec.Settings)
	var lines strings.Builder
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&lines, "%s=%s\n", name, settings[name])
	}
	if err := writePublic(k.path("server.properties"), []byte(lines.String())); err != nil {
		return err
	}
	if err := giveAway(k.dir); err != nil {
		return err
	}
	return k.format(ctx)
}

// settings are the lines of server.properties. The broker speaks to itself, and to a test's tools, by a listener without security.
func (k *Kafka) settings() map[string]string {
	protocol := "PLAINTEXT"
	switch {
	case k.Spec.SASL && k.Spec.TLS:
		protocol = "SASL_SSL"
	case k.Spec.SASL:
		protocol = "SASL_PLAINTEXT"
	case k.Spec.TLS:
		protocol = "SSL"
	}
	settings := map[string]string{
		"process.roles": "broker,controller", "node.id": fmt.Sprint(k.member.id), "controller.quorum.voters": k.member.voters,
		"listeners":                      "CLIENTS://" + k.Addr + ",OPEN://" + k.Open + ",CONTROLLER://" + k.member.controller,
		"advertised.listeners":           "CLIENTS://" + k.Addr + ",OPEN://" + k.Open,
		"listener.security.protocol.map": "CONTROLLER:PLAINTEXT,OPEN:PLAINTEXT,CLIENTS:" + protocol,
		"controller.listener.names":      "CONTROLLER", "inter.broker.listener.name": "OPEN",
		"log.dirs":                         k.path("data"),
		"offsets.topic.replication.factor": "1", "transaction.state.log.replication.factor": "1", "transaction.state.log.min.isr": "1",
		"broker.session.timeout.ms": k.member.session, "broker.heartbeat.interval.ms": "500",
		"group.initial.rebalance.delay.ms": "0", "offsets.topic.num.partitions": "1",
		"auto.create.topics.enable": fmt.Sprint(!k.Spec.NoAutoCreate),
	}
	if k.Spec.MaxMessageBytes > 0 {
		settings["message.max.bytes"] = fmt.Sprint(k.Spec.MaxMessageBytes)
	}
	if k.Spec.Authorize {
		settings["authorizer.class.name"] = "org.apache.kafka.metadata.authorizer.StandardAuthorizer"
		settings["super.users"] = "User:" + KafkaUsername + ";User:ANONYMOUS;User:CN=" + KafkaUsername
	}
	if k.Spec.SASL {
		const module, scram = "listener.name.clients.%s.sasl.jaas.config", "org.apache.kafka.common.security.scram.ScramLoginModule required;"
		settings["listener.name.clients.sasl.enabled.mechanisms"] = "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512"
		settings[fmt.Sprintf(module, "scram-sha-256")] = scram
		settings[fmt.Sprintf(module, "scram-sha-512")] = scram
		settings[fmt.Sprintf(module, "plain")] = fmt.Sprintf("org.apache.kafka.common.security.plain.PlainLoginModule required user_%s=%q user_%s=%q;",
			KafkaUsername, KafkaPassword, KafkaOther, KafkaPassword)
	}
	return settings
}

// certify makes an authority, and certificates for the broker and for KafkaUsername.
func (k *Kafka) certify(settings map[string]string) error {
	ca, err := newIdentity("migassist test CA", nil)
	if err != nil {
		return err
	}
	broker, err := newIdentity("broker", ca)
	if err != nil {
		return err
	}
	client, err := newIdentity(KafkaUsername, ca)
	if err != nil {
		return err
	}
	for name, content := range map[string][]byte{
		"ca.pem": ca.certificatePEM(), "broker.pem": append(slices.Clone(broker.keyPEM), broker.certificatePEM()...),
		"client.pem": client.certificatePEM(), "client.key": client.keyPEM,
	} {
		if err := writePublic(k.path(name), content); err != nil {
			return err
		}
	}
	k.CAFile, k.ClientCertFile, k.ClientKeyFile = k.path("ca.pem"), k.path("client.pem"), k.path("client.key")
	maps.Copy(settings, map[string]string{
		"ssl.keystore.type": "PEM", "ssl.keystore.location": k.path("broker.pem"),
		"ssl.truststore.type": "PEM", "ssl.truststore.location": k.path("ca.pem"),
		"listener.name.clients.ssl.client.auth": "none",
	})
	if k.Spec.ClientCertificates {
		settings["listener.name.clients.ssl.client.auth"] = "required"
	}
	return nil
}

// format makes the storage of a new cluster.
func (k *Kafka) format(ctx context.Context) error {
	args := []string{"format", "-t", k.member.cluster, "-c", k.path("server.properties")}
	if k.Spec.SASL {
		for _, mechanism := range []string{"SCRAM-SHA-256", "SCRAM-SHA-512"} {
			for _, user := range []string{KafkaUsername, KafkaOther} {
				args = append(args, "--add-scram", fmt.Sprintf("%s=[name=%s,password=%s]", mechanism, user, KafkaPassword))
			}
		}
	}
	cmd := k.command(ctx, "kafka.tools.StorageTool", args...)
	cmd.SysProcAttr = attributes()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("format the storage: %w\n%s", err, out)
	}
	return nil
}
