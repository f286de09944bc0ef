//go:build e2e && linux

package proxychaos

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"migassist/capture/filelog"
)

// disk is a file system of a few bytes, which can grow.
type disk struct {
	t  *testing.T
	at string
}

func newDisk(t *testing.T) disk {
	t.Helper()
	d := disk{t, filepath.Join(t.TempDir(), "disk")}
	if err := os.Mkdir(d.at, 0o700); err != nil {
		t.Fatal(err)
	}
	err := syscall.Mount("tmpfs", d.at, "tmpfs", 0, "size=3m")
	if errors.Is(err, syscall.EPERM) {
		t.Skip("only root may mount a small disk")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(d.at, syscall.MNT_DETACH) })
	return d
}

func (d disk) grow() {
	d.t.Helper()
	if err := syscall.Mount("tmpfs", d.at, "tmpfs", syscall.MS_REMOUNT, "size=1g"); err != nil {
		d.t.Fatal(err)
	}
}

// The disk with the capture fills up, and has room again later: nothing that was acknowledged is missing, or all of it is told.
func TestTheDiskOfTheCaptureIsFull(t *testing.T) {
	for _, policy := range []string{"reject", "forward"} {
		t.Run(policy, func(t *testing.T) {
			d, s := newDisk(t), newSource(t, policy == "reject")
			folder := filepath.Join(d.at, "capture")
			p := newProxied(t, s, "--capture-folder", folder, "--on-capture-failure", policy, "--segment-bytes", "1MiB")
			c := newCrowd(p.port, 32)
			<-time.After(*span / 2)
			if p.metric("migassist_proxy_log_away") == 0 {
				t.Error("the disk is not full")
			}
			d.grow()
			p.settled()
			<-time.After(*span / 4)
			writes := c.end()
			p.settled()
			p.stop()
			from, err := filelog.Read(folder, filelog.Reading{})
			if err != nil {
				t.Fatal(err)
			}
			checkFull(t, readAll(t, from), s, writes, policy)
		})
	}
}

// The disk with the spill fills up while the broker is away.
func TestTheDiskOfTheSpillIsFull(t *testing.T) {
	for _, policy := range []string{"reject", "forward"} {
		t.Run(policy, func(t *testing.T) {
			kafka, d, s := startKafka(t), newDisk(t), newSource(t, policy == "reject")
			p := newProxied(t, s, "--kafka-brokers", kafka.Addr, "--kafka-topic", "chaos", "--create-topic", "--on-capture-failure", policy,
				"--spill-folder", filepath.Join(d.at, "spill"), "--spill-bytes", "1GiB")
			c := newCrowd(p.port, 32)
			for end := time.Now().Add(*span); time.Now().Before(end); {
				<-time.After(time.Duration(rand.IntN(1000)) * time.Millisecond)
				if err := kafka.Freeze(); err != nil {
					t.Fatal(err)
				}
				<-time.After(3 * time.Second)
				if err := kafka.Thaw(); err != nil {
					t.Fatal(err)
				}
				p.settled()
			}
			writes := c.end()
			p.settled()
			p.stop()
			checkFull(t, readAll(t, topicOf(t, kafka, "chaos")), s, writes, policy)
		})
	}
}

func checkFull(t *testing.T, k kept, s *source, writes map[string]write, policy string) {
	t.Helper()
	t.Logf("faults %v", k.faults)
	if policy == "forward" {
		if k.tellsMissing(t, writes) == 0 {
			t.Error("the disk was never full")
		}
		return
	}
	if acknowledged, rejected := k.hasAcknowledged(t, s, writes); acknowledged < 200 || rejected == 0 {
		t.Errorf("%d acknowledged and %d rejected do not say much", acknowledged, rejected)
	}
}
