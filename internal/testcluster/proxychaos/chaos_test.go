//go:build e2e

package proxychaos

import (
	"flag"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"migassist/capture"
	"migassist/capture/filelog"
	"migassist/capture/kafkalog"
	"migassist/internal/testcluster"
)

var span = flag.Duration("chaos.for", 15*time.Second, "how long each story lasts")

func startKafka(t *testing.T) *testcluster.Kafka {
	t.Helper()
	kafka, err := testcluster.StartKafka(t.Context(), testcluster.KafkaSpec{NoAutoCreate: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := kafka.Stop(); err != nil {
			t.Error(err)
		}
	})
	return kafka
}

func topicOf(t *testing.T, kafka *testcluster.Kafka, topic string) capture.Source {
	t.Helper()
	source, err := kafkalog.OpenSource(t.Context(), kafkalog.Options{Brokers: []string{kafka.Addr}, Topic: topic}, kafkalog.Reading{})
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// trouble makes a broker fail in turn by a kill, a freeze and a stop, until the time is over; then all is well again.
func trouble(t *testing.T, kafka *testcluster.Kafka, p *proxied, kills bool) (outages int) {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	pause := func(most time.Duration) { <-time.After(time.Duration(rand.Int64N(int64(most)))) }
	for end := time.Now().Add(*span); time.Now().Before(end); outages++ {
		pause(3 * time.Second)
		switch outages % 3 {
		case 0:
			must(kafka.Freeze())
			pause(3 * time.Second)
			if kills {
				_ = p.cmd.Process.Kill()
				_ = p.cmd.Wait()
			}
			must(kafka.Thaw())
			if kills {
				p.kills++
				p.start()
			}
		case 1:
			must(kafka.Kill())
			pause(2 * time.Second)
			must(kafka.Start(t.Context()))
		default:
			if kills {
				p.kill()
			}
		}
	}
	return outages
}

// With reject, whatever is killed: each write that a client saw acknowledged is in the topic, with its bytes.
func TestRejectKeepsWhatWasAcknowledged(t *testing.T) {
	kafka := startKafka(t)
	s := newSource(t, true)
	spill := filepath.Join(t.TempDir(), "spill")
	p := newProxied(t, s, "--kafka-brokers", kafka.Addr, "--kafka-topic", "chaos", "--create-topic", "--kafka-partitions", "3",
		"--on-capture-failure", "reject", "--spill-folder", spill, "--spill-bytes", "2MiB")
	c := newCrowd(p.port, 32)
	outages := trouble(t, kafka, p, true)
	writes := c.end()
	p.settled()
	p.stop()
	k := readAll(t, topicOf(t, kafka, "chaos"))
	acknowledged, _ := k.hasAcknowledged(t, s, writes)
	t.Logf("%d outages, %d kills; faults %v", outages, p.kills, k.faults)
	if acknowledged < 500 || p.kills == 0 {
		t.Errorf("only %d were acknowledged, with %d kills", acknowledged, p.kills)
	}
}

// hasAcknowledged checks that what clients saw acknowledged is in the log, and that what was rejected never reached the source.
func (k kept) hasAcknowledged(t *testing.T, s *source, writes map[string]write) (acknowledged, rejected int) {
	t.Helper()
	failed := 0
	for name, w := range writes {
		switch w.status {
		case 200:
			acknowledged++
			if k.bodies[name] != w.body {
				t.Errorf("%s was acknowledged at %s, and is not in the log (%d of %d bytes)", name, w.seen.Format(time.StampMicro), len(k.bodies[name]), len(w.body))
			}
		case 503:
			rejected++
			if s.took(name) {
				t.Errorf("%s was rejected, and reached the source", name)
			}
		default:
			failed++
		}
	}
	t.Logf("%d writes: %d acknowledged, %d rejected, %d cut off", len(writes), acknowledged, rejected, failed)
	return acknowledged, rejected
}

// tellsMissing checks that no write was refused, and that each that is not in the log lies within a gap that counts it.
func (k kept) tellsMissing(t *testing.T, writes map[string]write) (missing int) {
	t.Helper()
	told := int64(0)
	for _, g := range k.gaps {
		told += g.Requests
	}
	for name, w := range writes {
		if w.status != 200 {
			t.Errorf("%s got %d", name, w.status)
		}
		if k.bodies[name] == w.body {
			continue
		}
		missing++
		if !within(k.gaps, w) {
			t.Errorf("%s, sent %s and acknowledged %s, is missing outside of all gaps", name, w.sent.Format(time.StampMicro), w.seen.Format(time.StampMicro))
		}
	}
	t.Logf("%d writes, %d missing, %d gaps tell of %d", len(writes), missing, len(k.gaps), told)
	if int64(missing) > told {
		t.Errorf("%d are missing, and the gaps tell of %d", missing, told)
	}
	return missing
}

// With forward, no write is refused for want of a capture, and each that is not in the topic lies within a gap that counts it.
func TestForwardRefusesNobodyAndTellsWhatIsMissing(t *testing.T) {
	for name, spill := range map[string]string{"small spill": "64KiB", "spill with room": "1GiB"} {
		t.Run(name, func(t *testing.T) {
			kafka := startKafka(t)
			s := newSource(t, false)
			p := newProxied(t, s, "--kafka-brokers", kafka.Addr, "--kafka-topic", "chaos", "--create-topic",
				"--spill-folder", filepath.Join(t.TempDir(), "spill"), "--spill-bytes", spill)
			c := newCrowd(p.port, 32)
			outages := trouble(t, kafka, p, false)
			writes := c.end()
			p.settled()
			p.stop()
			k := readAll(t, topicOf(t, kafka, "chaos"))
			missing := k.tellsMissing(t, writes)
			t.Logf("%d outages; faults %v", outages, k.faults)
			if spill == "1GiB" && missing > 0 {
				t.Errorf("%d are missing beside a spill with room", missing)
			}
		})
	}
}

func within(gaps []capture.Gap, w write) bool {
	for _, g := range gaps {
		if !w.seen.Before(g.From) && !w.sent.After(g.To) {
			return true
		}
	}
	return false
}

// A folder without brokers, whose proxy is killed again and again.
func TestKillsLoseNothingAcknowledgedInAFolder(t *testing.T) {
	s := newSource(t, true)
	folder := filepath.Join(t.TempDir(), "capture")
	p := newProxied(t, s, "--capture-folder", folder, "--on-capture-failure", "reject", "--segment-bytes", "1MiB")
	c := newCrowd(p.port, 32)
	for end := time.Now().Add(*span / 2); time.Now().Before(end); {
		<-time.After(time.Duration(rand.IntN(1000)) * time.Millisecond)
		p.kill()
	}
	writes := c.end()
	p.stop()
	from, err := filelog.Read(folder, filelog.Reading{})
	if err != nil {
		t.Fatal(err)
	}
	k := readAll(t, from)
	acknowledged, _ := k.hasAcknowledged(t, s, writes)
	t.Logf("%d kills; faults %v", p.kills, k.faults)
	if acknowledged < 200 || p.kills < 3 {
		t.Errorf("only %d were acknowledged, with %d kills", acknowledged, p.kills)
	}
}
