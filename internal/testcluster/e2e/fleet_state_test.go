//go:build e2e

package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"migassist/cluster"
	"migassist/internal/awsauth"
	"migassist/internal/blob"
	"migassist/internal/blob/object"
	"migassist/internal/testcluster"
	"migassist/internal/testcluster/chaos"
	"migassist/rfs/lease"
	"migassist/rfs/lease/filelease"
	"migassist/rfs/lease/indexlease"
	"migassist/rfs/lease/objectlease"
)

// state is where a fleet keeps what its workers share.
type state struct {
	flags   []string
	open    func(t *testing.T) lease.Store // for whoever looks on
	restart func()                         // of the server that holds it; nil for none
}

func inFile(t *testing.T) state {
	name := filepath.Join(t.TempDir(), "state.json")
	return state{
		flags: []string{"--state-file", name},
		open: func(t *testing.T) lease.Store {
			store, err := filelease.Open(strings.TrimSuffix(name, ".json") + "-chaos.json")
			return opened(t, store, err)
		},
	}
}

// inIndex has a cluster of its own, which comes back at another address: a proxy hides it.
func inIndex(t *testing.T) state {
	server, err := testcluster.Start(t.Context(), testcluster.Spec{Product: testcluster.OpenSearch, Version: "2.19.1", HeapMiB: 384})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop() })
	proxy, err := chaos.Start(server.URL, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = proxy.Close() })
	return state{
		flags: []string{"--coordinator-host", proxy.URL},
		open: func(t *testing.T) lease.Store {
			client, err := cluster.Connect(t.Context(), cluster.Options{URL: proxy.URL})
			if err != nil {
				t.Fatal(err)
			}
			store, err := indexlease.Open(t.Context(), client, "chaos")
			return opened(t, store, err)
		},
		restart: func() {
			if err := server.Restart(t.Context()); err != nil {
				t.Error(err)
			}
			proxy.Before(server.URL)
		},
	}
}

// The keys of the S3 server.
const (
	accessKey = "AKIAE2EFLEET"
	secretKey = "a-secret-that-is-only-here"
)

// inObjects has versitygw, an S3 server over a folder.
func inObjects(t *testing.T) state {
	name, err := filepath.Abs("../../../bin/versitygw")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(name); err != nil {
		t.Fatalf("no S3 server: %v; make e2e-fleet builds it", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "fleet"), 0o750); err != nil {
		t.Fatal(err)
	}
	end := serve(t, name, address, root)
	t.Cleanup(func() { end() })
	return state{
		flags: []string{
			"--coordinator", "s3://fleet/state", "--s3-endpoint", "http://" + address, "--s3-region", "us-east-1",
			"--s3-access-key", accessKey, "--s3-secret-key", secretKey,
		},
		open: func(t *testing.T) lease.Store {
			store, err := objectlease.Open(t.Context(), "s3://fleet/state", blob.Options{S3: object.S3Options{
				Options:  awsauth.Options{Region: "us-east-1", AccessKey: accessKey, SecretKey: secretKey},
				Endpoint: "http://" + address, PathStyle: "on",
			}}, "chaos")
			return opened(t, store, err)
		},
		restart: func() {
			end()
			<-time.After(2 * time.Second)
			end = serve(t, name, address, root)
		},
	}
}

// serve starts the S3 server and returns what ends it.
func serve(t *testing.T, name, address, root string) func() {
	t.Helper()
	cmd := exec.Command(name, "--port", address, "--region", "us-east-1", "--quiet", "posix", root)
	cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+accessKey, "ROOT_SECRET_KEY="+secretKey)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		if c, err := net.Dial("tcp", address); err == nil {
			_ = c.Close()
			break
		}
		<-time.After(50 * time.Millisecond)
	}
	return func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
}

func opened(t *testing.T, store lease.Store, err error) lease.Store {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// audit holds every bulk against the store: its worker must hold the item whose documents it writes.
type audit struct {
	store  lease.Store
	shards map[string]int
	split  bool
}

// auditTime bounds a look: a store that is away has nothing to say.
const auditTime = time.Second

// look says what is wrong with a worker that writes these documents now.
func (a *audit) look(opaque string, documents []string) string {
	worker := opaque[strings.LastIndex(opaque, "/")+1:]
	if worker == "" {
		return "the bulk does not say whose it is"
	}
	ctx, cancel := context.WithTimeout(context.Background(), auditTime)
	defer cancel()
	var seen []int
	for _, document := range documents {
		shard := a.shards[document]
		if slices.Contains(seen, shard) {
			continue
		}
		seen = append(seen, shard)
		holders, err := a.holders(ctx, shard)
		if err != nil {
			return "" // it is away
		}
		if !slices.Contains(holders, worker) {
			return fmt.Sprintf("shard %d is held by %q", shard, holders)
		}
	}
	return ""
}

// holders of the shard's item, or of those it was cut into.
func (a *audit) holders(ctx context.Context, shard int) ([]string, error) {
	name := fmt.Sprintf("fleet/%d", shard)
	var records []lease.Record
	if a.split {
		if err := a.store.Sync(ctx); err != nil {
			return nil, err
		}
		all, err := a.store.List(ctx, "item/", "", true, 1000)
		if err != nil {
			return nil, err
		}
		records = all
	} else {
		sum := sha256.Sum256([]byte(name))
		record, err := a.store.Get(ctx, "item/"+hex.EncodeToString(sum[:4])+"/"+name)
		if err != nil && !errors.Is(err, lease.ErrNotFound) {
			return nil, err
		}
		records = append(records, record)
	}
	var holders []string
	for _, record := range records {
		var entry lease.Entry
		if len(record.Body) == 0 || json.Unmarshal(record.Body, &entry) != nil {
			continue
		}
		if (entry.Name == name || strings.HasPrefix(entry.Name, name+"/")) && entry.State == lease.Leased {
			holders = append(holders, entry.Owner)
		}
	}
	return holders, nil
}
