//go:build e2e

package giants

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"

	"migassist/internal/testcluster"
)

// The documents: giants of the same size in megabytes, and small ones before each and after the last.
const (
	megabyte = 1 << 20
	beside   = 100
)

// sourceSettings keep the source from merging giants, and let it take them.
const sourceSettings = `{"settings":{"number_of_shards":1,"number_of_replicas":0,"refresh_interval":-1,
"translog":{"durability":"async","flush_threshold_size":"300mb"}},"mappings":{"dynamic":false,"properties":{"n":{"type":"integer"}}}}`

// write makes a repository of so many giants by a real Elasticsearch 7.10.2, in a folder that is not there yet.
func write(ctx context.Context, folder string, giants, megabytes int) (err error) {
	dir := filepath.Dir(folder)
	server, err := testcluster.Start(ctx, testcluster.Spec{
		Product: testcluster.Elasticsearch, Version: "7.10.2", HeapMiB: 2048, Dir: filepath.Join(dir, "source"),
		Settings: map[string]string{"http.max_content_length": "300mb"},
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop(), os.RemoveAll(filepath.Join(dir, "source"))) }()
	if _, err := server.Do(ctx, "PUT", "/giants", []byte(sourceSettings)); err != nil {
		return err
	}
	random := rand.NewChaCha8([32]byte{1, 2, 3})
	body := make([]byte, 0, (megabytes+1)*megabyte)
	for i := range giants + 1 {
		body = appendSmall(body[:0], i)
		if i < giants {
			body = appendGiant(body, random, i, megabytes)
		}
		if err := server.Bulk(ctx, "/giants/_bulk", body); err != nil {
			return fmt.Errorf("giant %d: %w", i, err)
		}
	}
	if err := server.Snapshot(ctx, "giants", "giants", "giants"); err != nil {
		return err
	}
	return os.Rename(filepath.Join(server.Repo, "giants"), folder)
}

func appendSmall(body []byte, of int) []byte {
	for i := range beside {
		n := of*beside + i
		body = fmt.Appendf(body, `{"index":{"_id":"small-%d"}}`+"\n"+`{"n":%d,"text":"a document of no size worth mentioning"}`+"\n", n, n)
	}
	return body
}

// appendGiant appends a document of arrays of text that does not compress; servers bound the length of one string.
func appendGiant(body []byte, random *rand.ChaCha8, n, megabytes int) []byte {
	body = append(body, `{"index":{"_id":"giant-`+strconv.Itoa(n)+"\"}}\n"...)
	body = append(body, `{"n":`+strconv.Itoa(-n)+`,"data":[""`...)
	raw := make([]byte, (megabyte-3)/4*3)
	for range megabytes {
		_, _ = random.Read(raw) // never fails
		body = append(body, `,"`...)
		body = base64.StdEncoding.AppendEncode(body, raw)
		body = append(body, '"')
	}
	return append(body, "]}\n"...)
}
