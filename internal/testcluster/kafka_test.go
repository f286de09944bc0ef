//go:build e2e

package testcluster

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// apiVersions is the first request of every client, ApiVersions in version 0 with correlation 7: bytes that need no login.
const apiVersions = "\x00\x00\x00\x0a\x00\x12\x00\x00\x00\x00\x00\x07\xff\xff"

// answers tells whether the broker answers within the patience.
func answers(t *testing.T, addr string, patience time.Duration) bool {
	t.Helper()
	conn, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		return false
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(conn, apiVersions); err != nil {
		return false
	}
	head := make([]byte, 8)
	_, err = io.ReadFull(conn, head)
	return err == nil && head[7] == 7
}

func TestKafkaIsKilledFrozenAndStartedAgain(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	k, err := StartKafka(ctx, KafkaSpec{SASL: true, Authorize: true})
	if err != nil {
		t.Fatal(err)
	}
	dir := k.dir
	for _, step := range []struct {
		name    string
		do      func() error
		answers bool
	}{
		{"started", func() error { return nil }, true},
		{"frozen", k.Freeze, false},
		{"thawed", k.Thaw, true},
		{"killed", k.Kill, false},
		{"started again", func() error { return k.Start(ctx) }, true},
		{"halted", k.Halt, false},
		{"started after a halt", func() error { return k.Start(ctx) }, true},
	} {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		patience := time.Minute
		if !step.answers {
			patience = 500 * time.Millisecond
		}
		for _, addr := range []string{k.Addr, k.Open} {
			if answers(t, addr, patience) != step.answers {
				t.Fatalf("%s: %s answers: %v, want %v\n%s", step.name, addr, !step.answers, step.answers, k.logTail())
			}
		}
	}
	if found, _ := filepath.Glob(filepath.Join(k.DataDir(), "__cluster_metadata-0", "*.log")); len(found) == 0 {
		t.Error("no segments in the data folder")
	}
	if err := k.Freeze(); err != nil {
		t.Fatal(err)
	}
	if err := k.Stop(); err != nil {
		t.Fatalf("stop a frozen broker: %v", err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the run folder is left: %v", err)
	}
}
