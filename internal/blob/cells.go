package blob

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"migassist/internal/blob/object"
)

// ErrCondition says that an object was not as a [Cell] said, and nothing was written.
var ErrCondition = errors.New("the object was written by another")

// Cell is a small object that several processes write, each on the condition that no other did meanwhile.
type Cell struct {
	Name string // relative to the prefix, slash-separated
	// Version is the store's name for one write. Empty in one that is to be created.
	Version string
	// Body is the content; nil in a list.
	Body []byte
	Size int64 // of the content, in bytes
}

// Cells are the small objects below a prefix of an object store. It is the only view through which anything is written, and
// it is never opened on a repository. Methods may be called from several goroutines at once.
type Cells struct {
	far    *far
	bucket cellar
}

// cellar is what an object store answers to one who may write.
type cellar interface {
	objects
	Put(ctx context.Context, w object.Write) (version string, err error)
	Delete(ctx context.Context, key string) error
	Scan(ctx context.Context, q object.Scan) (*object.Page, error)
}

var (
	_ cellar = (*object.S3)(nil)
	_ cellar = (*object.GCS)(nil)
	_ cellar = (*object.Azure)(nil)
)

// Patience with what is written: a lease lasts minutes, and whoever holds one must know soon.
const (
	cellAttempts = 6
	cellCeiling  = 5 * time.Second
	cellTime     = 15 * time.Second // for one request
	maxCell      = 16 << 20
)

// OpenCells returns the cells at s3://bucket/prefix, gs://bucket/prefix or az://container/prefix. It asks no server.
func OpenCells(ctx context.Context, uri string, o Options) (*Cells, error) {
	scheme, rest, ok := strings.Cut(uri, "://")
	open, known := openers[strings.ToLower(scheme)]
	if !ok || !known {
		return nil, fmt.Errorf("open %s: write s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://CONTAINER/PREFIX", uri)
	}
	o.GCS.Writing = true
	o.ReadAhead = 1 // nothing is read ahead
	o.Stall = cmp.Or(o.Stall, cellTime)
	o.Retry.Attempts = cmp.Or(o.Retry.Attempts, cellAttempts)
	o.Retry.Ceiling = cmp.Or(o.Retry.Ceiling, cellCeiling)
	store, err := openFar(ctx, strings.ToLower(scheme), rest, open, o.withDefaults())
	if err != nil {
		return nil, errors.New(strings.TrimLeft(strings.TrimPrefix(err.Error(), "open repository"), ": "))
	}
	bucket, ok := store.objects.(cellar)
	if !ok {
		return nil, fmt.Errorf("open %s: writing there is %w", store.uri, ErrUnsupported)
	}
	return &Cells{far: store, bucket: bucket}, nil
}

// URI names the place in messages.
func (c *Cells) URI() string { return c.far.uri }

// Get returns a cell, or an error that wraps fs.ErrNotExist.
func (c *Cells) Get(ctx context.Context, name string) (Cell, error) {
	cell := Cell{Name: name}
	err := c.repeat(ctx, "read "+name, func(ctx context.Context) error {
		content, err := c.bucket.Get(ctx, object.Request{Key: c.far.base + name})
		if err != nil {
			return err
		}
		defer func() { _ = content.Body.Close() }()
		if content.Size > maxCell {
			return fmt.Errorf("it has %d bytes, at most %d are expected", content.Size, maxCell)
		}
		body, err := io.ReadAll(io.LimitReader(content.Body, maxCell))
		if err != nil || int64(len(body)) != content.Size {
			return &object.Error{Kind: object.Broken, Message: fmt.Sprintf("%d of %d bytes came", len(body), content.Size), Err: err, Size: -1}
		}
		cell.Body, cell.Version, cell.Size = body, content.Version, content.Size
		return nil
	})
	return cell, c.named("read", name, err)
}

// Put writes the body where the object still has the cell's version, or is not there where that is empty, and returns the
// version it got. The body must differ from that of every other write. Otherwise nothing is written, and the error wraps
// [ErrCondition]. A request whose answer was lost is repeated, and where the repetition finds the body written, it was by the
// first. After any other error it may have been written or not.
func (c *Cells) Put(ctx context.Context, cell Cell) (version string, err error) {
	write := object.Write{Key: c.far.base + cell.Name, Version: cell.Version, Body: cell.Body}
	unsure := false // whether an earlier request may have been carried out
	err = c.repeat(ctx, "write "+cell.Name, func(ctx context.Context) error {
		var err error
		version, err = c.bucket.Put(ctx, write)
		unsure = unsure || ctx.Err() != nil || mayBeDone(err)
		return err
	})
	if object.KindOf(err) != object.Changed {
		return version, c.named("write", cell.Name, err)
	}
	if !unsure {
		return "", c.named("write", cell.Name, fmt.Errorf("%w: %w", ErrCondition, err))
	}
	now, readErr := c.Get(ctx, cell.Name)
	if readErr == nil && bytes.Equal(now.Body, cell.Body) {
		return now.Version, nil
	}
	return "", fmt.Errorf("write %s at %s: an answer was lost, and whether it was written before another wrote it is not known (%s)", cell.Name, c.far.uri, cmp.Or(errorText(readErr), "it is different now"))
}

// mayBeDone tells whether a write that failed so may have been carried out.
func mayBeDone(err error) bool {
	e, ok := errors.AsType[*object.Error](err)
	if !ok || !e.Retryable() || e.Kind == object.Unreachable {
		return false
	}
	return e.Status != http.StatusTooManyRequests && e.Status != http.StatusConflict
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// Delete removes an object, whoever wrote it; that it is not there is no error.
func (c *Cells) Delete(ctx context.Context, name string) error {
	return c.named("delete", name, c.repeat(ctx, "delete "+name, func(ctx context.Context) error {
		return c.bucket.Delete(ctx, c.far.base+name)
	}))
}

// List returns at most limit cells, without bodies, whose names begin with prefix and are above after, in the order of
// their bytes; it shows every write that ended before it began.
func (c *Cells) List(ctx context.Context, prefix, after string, limit int) ([]Cell, error) {
	q := object.Scan{Prefix: c.far.base + prefix, Limit: limit}
	if after != "" {
		q.After = c.far.base + after
	}
	var cells []Cell
	for {
		var page *object.Page
		err := c.repeat(ctx, "list "+prefix, func(ctx context.Context) (err error) {
			page, err = c.bucket.Scan(ctx, q)
			return err
		})
		if err != nil {
			return nil, c.named("list", prefix, err)
		}
		for _, item := range page.Items {
			cells = append(cells, Cell{Name: strings.TrimPrefix(item.Key, c.far.base), Version: item.Version, Size: item.Size})
			q.After = item.Key
		}
		q.Limit = limit - len(cells)
		if page.Next == "" || q.Limit <= 0 {
			return cells[:min(len(cells), limit)], nil
		}
		q.Token = page.Next
	}
}

// repeat calls try, with a time for each call, until it succeeds or fails for good.
func (c *Cells) repeat(ctx context.Context, doing string, try func(ctx context.Context) error) error {
	return c.far.patiently(ctx, doing, func() (moved bool, err error) {
		asked, cancel := context.WithTimeoutCause(ctx, c.far.stall, errStalled)
		defer cancel()
		err = try(asked)
		if err != nil && ctx.Err() == nil {
			err = c.far.stalled(asked, err)
		}
		if err == nil {
			c.far.reached.Store(true)
		}
		return false, err
	})
}

// named says in an error what was being done to which object.
func (c *Cells) named(op, name string, err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*object.Error](err); ok {
		e.Advice = strings.ReplaceAll(e.Advice, "--repo-uri", "--coordinator")
	}
	return fmt.Errorf("%s %s at %s: %w", op, name, c.far.uri, err)
}
