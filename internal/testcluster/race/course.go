package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"migassist/internal/testcluster"
	"migassist/internal/testcluster/cost"
)

// processors are those of the machine.
var processors = runtime.NumCPU()

// course is the two servers between which documents are moved.
type course struct {
	options

	source, target *testcluster.Server
	mappings       json.RawMessage // of the target's index
	documents      int
}

// Heaps: what a small server of each kind would have.
const (
	sourceHeap = 1024 // MiB
	targetHeap = 2048
)

// open starts the servers and restores the snapshot into the source.
func open(ctx context.Context, o options) (*course, error) {
	c := &course{options: o}
	var group errgroup.Group
	group.Go(func() (err error) {
		c.source, err = testcluster.Start(ctx, testcluster.Spec{Product: testcluster.Elasticsearch, Version: "7.10.2", HeapMiB: sourceHeap})
		return err
	})
	group.Go(func() (err error) {
		c.target, err = testcluster.Start(ctx, testcluster.Spec{Product: testcluster.OpenSearch, Version: "2.19.1", Reindex: true, HeapMiB: targetHeap})
		return err
	})
	err := group.Wait()
	if err == nil {
		err = c.restore(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

func (c *course) close() error {
	var err error
	for _, server := range []*testcluster.Server{c.source, c.target} {
		if server != nil {
			err = errors.Join(err, server.Stop())
		}
	}
	return err
}

// restore gives the source the index of the snapshot, and takes over its mappings and the number of documents.
func (c *course) restore(ctx context.Context) error {
	if err := os.CopyFS(filepath.Join(c.source.Repo, "race"), os.DirFS(c.repository)); err != nil {
		return fmt.Errorf("copy the repository: %w", err)
	}
	if err := c.source.Register(ctx, "race", `"readonly":true`); err != nil {
		return err
	}
	path := "/_snapshot/race/" + c.snapshot + "/_restore?wait_for_completion=true"
	if _, err := c.source.Do(ctx, "POST", path, fmt.Appendf(nil, `{"indices":%q,"include_aliases":false}`, c.index)); err != nil {
		return err
	}
	var mappings map[string]struct{ Mappings json.RawMessage }
	if err := c.source.Get(ctx, "/"+c.index+"/_mapping", &mappings); err != nil {
		return err
	}
	c.mappings = mappings[c.index].Mappings
	if c.dynamic {
		c.mappings = json.RawMessage(`{}`)
	}
	var err error
	c.documents, err = count(ctx, c.source, c.index)
	return err
}

func count(ctx context.Context, server *testcluster.Server, index string) (int, error) {
	var answer struct{ Count int }
	err := server.Get(ctx, "/"+index+"/_count", &answer)
	return answer.Count, err
}

// contender moves the documents of the index into the target's, which is there and empty.
type contender interface {
	fmt.Stringer
	move(ctx context.Context) (cost.Run, error)
}

// run lets a contender move the documents, all of which must have come, and measures it.
func (c *course) run(ctx context.Context, who contender, documents int) (result, error) {
	if err := c.prepare(ctx); err != nil {
		return result{}, err
	}
	source, target, err := c.used()
	if err != nil {
		return result{}, err
	}
	moved, err := who.move(ctx)
	if err != nil {
		return result{}, err
	}
	one := result{who: who.String(), Run: moved}
	if one.source, one.target, err = c.used(); err != nil {
		return result{}, err
	}
	one.source -= source
	one.target -= target
	if _, err := c.target.Do(ctx, "POST", "/"+c.index+"/_refresh", nil); err != nil {
		return result{}, err
	}
	came, err := count(ctx, c.target, c.index)
	if err == nil && came != documents {
		err = fmt.Errorf("%d documents came of %d", came, documents)
	}
	return one, err
}

// prepare makes the target's index anew and waits until both servers have come to rest.
func (c *course) prepare(ctx context.Context) error {
	if _, err := c.target.Do(ctx, "DELETE", "/"+c.index+"?ignore_unavailable=true", nil); err != nil {
		return err
	}
	body := fmt.Appendf(nil, `{"settings":%s,"mappings":%s}`, c.settings, c.mappings)
	if _, err := c.target.Do(ctx, "PUT", "/"+c.index, body); err != nil {
		return err
	}
	return c.rest(ctx)
}

// A server is at rest that uses less than so much of a processor for a while.
const (
	restFor  = time.Second
	restUses = 50 * time.Millisecond
	restMost = time.Minute
)

func (c *course) rest(ctx context.Context) error {
	for end := time.Now().Add(restMost); time.Now().Before(end); {
		source, target, err := c.used()
		if err != nil {
			return err
		}
		select {
		case <-time.After(restFor):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		laterSource, laterTarget, err := c.used()
		if err != nil {
			return err
		}
		if laterSource-source+laterTarget-target < restUses {
			return nil
		}
	}
	return fmt.Errorf("the servers have not come to rest within %v", restMost)
}

// used is the processor time of both servers since they were started.
func (c *course) used() (source, target time.Duration, err error) {
	source, sourceErr := cost.Group(c.source.Group())
	target, targetErr := cost.Group(c.target.Group())
	return source, target, errors.Join(sourceErr, targetErr)
}
