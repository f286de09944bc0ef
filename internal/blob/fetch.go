package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"migassist/internal/blob/object"
)

// Retry is told of before a request is repeated.
type Retry struct {
	Doing   string // "read indices/x/0/__y"
	Attempt int    // how often it was tried
	Wait    time.Duration
	Err     error
}

// Patience: what stores answer under load passes within seconds; an outage of a minute is sat out.
const (
	attempts      = 10
	firstPause    = 200 * time.Millisecond
	longestPause  = 20 * time.Second
	stallTime     = 30 * time.Second
	firstAttempts = 3 // while nothing has answered yet, the address is probably wrong
	maxRetryAfter = time.Minute
)

// patiently calls try until it succeeds, fails for good, or was called often enough without getting any further.
func (s *far) patiently(ctx context.Context, doing string, try func() (moved bool, err error)) error {
	for attempt := 1; ; attempt++ {
		moved, err := try()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if moved {
			attempt = 1
		}
		failed, ok := errors.AsType[*object.Error](err)
		if !ok || !failed.Retryable() {
			return err
		}
		if attempt >= s.patience(failed) {
			return fmt.Errorf("%w (tried %d times)", err, attempt)
		}
		pause := max(s.policy.Pause(attempt), min(failed.RetryAfter, maxRetryAfter))
		if s.told != nil {
			s.told(Retry{Doing: doing, Attempt: attempt, Wait: pause, Err: err})
		}
		if stopped := s.policy.Wait(ctx, pause); stopped != nil {
			return fmt.Errorf("%w while waiting to repeat: %w", stopped, err)
		}
	}
}

// patience is how often to try what failed so.
func (s *far) patience(failed *object.Error) int {
	if failed.Status != 0 {
		s.reached.Store(true)
	}
	if failed.Kind == object.Unreachable && !s.reached.Load() {
		return min(firstAttempts, s.policy.Attempts)
	}
	return s.policy.Attempts
}

// fetch fills p from offset off of a blob: less than len(p) bytes come with an error, which is io.EOF at the blob's end.
// A body that breaks off is resumed where it broke. All bytes are of one version, the one that was pinned.
func (s *far) fetch(ctx context.Context, name string, p []byte, off int64, version *pin) (int, error) {
	n := 0
	err := s.patiently(ctx, "read "+name, func() (bool, error) {
		left, at := p[n:], off+int64(n)
		if size, known := version.sized(); known {
			left = left[:max(0, min(int64(len(left)), size-at))]
		}
		if len(left) == 0 {
			return false, nil
		}
		m, err := s.stream(ctx, object.Request{Key: s.base + name, Off: at, Length: int64(len(left))}, version, func(c *object.Content) ([]byte, error) {
			return left[:max(0, min(int64(len(left)), c.Size-at))], nil
		})
		n += m
		return m > 0, err
	})
	if err == nil && n < len(p) {
		err = io.EOF
	}
	return n, err
}

// stream asks once, and reads the body into the memory that into gives, as far as it goes.
func (s *far) stream(ctx context.Context, r object.Request, version *pin, into func(*object.Content) ([]byte, error)) (n int, err error) {
	asked, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watchdog := time.AfterFunc(s.stall, func() { cancel(errStalled) })
	defer watchdog.Stop()
	content, err := s.get(asked, r, version)
	if err != nil {
		return 0, s.stalled(asked, err)
	}
	defer func() { _ = content.Body.Close() }()
	p, err := into(content)
	if err != nil {
		return 0, err
	}
	for n < len(p) && err == nil {
		var m int
		m, err = content.Body.Read(p[n:])
		n += m
		watchdog.Reset(s.stall)
	}
	if n == len(p) {
		return n, nil
	}
	return n, s.stalled(asked, &object.Error{Kind: object.Broken, Message: fmt.Sprintf("%d of %d bytes came: %v", n, len(p), err), Err: err})
}

// errStalled ends a request that no bytes come from.
var errStalled = &object.Error{Kind: object.Broken, Message: "no bytes for too long"}

// stalled tells the end by the watchdog from the other ones.
func (s *far) stalled(asked context.Context, err error) error {
	if errors.Is(context.Cause(asked), errStalled) {
		return &object.Error{Kind: object.Broken, Message: fmt.Sprintf("no bytes for %s", s.stall)}
	}
	return err
}

// get asks once. The first answer pins the version; questions that come before it wait for it.
func (s *far) get(ctx context.Context, r object.Request, version *pin) (*object.Content, error) {
	pinned, settle := version.begin()
	r.Version = pinned
	content, err := s.objects.Get(ctx, r)
	if failed, ok := errors.AsType[*object.Error](err); ok && failed.Kind == object.OutOfRange {
		content, err = s.beyond(ctx, r, failed)
	}
	settle(content)
	if err == nil {
		s.reached.Store(true)
	}
	return content, err
}

// beyond answers for a range that begins beyond the blob's end: with no bytes, and the size.
func (s *far) beyond(ctx context.Context, r object.Request, failed *object.Error) (*object.Content, error) {
	switch {
	case r.Off == 0:
		return &object.Content{Body: empty, Version: r.Version}, nil
	case failed.Size >= 0:
		return &object.Content{Body: empty, Size: failed.Size, Version: r.Version}, nil
	}
	content, err := s.objects.Get(ctx, object.Request{Key: r.Key, Length: 1, Version: r.Version})
	if err != nil {
		return nil, err
	}
	_ = content.Body.Close()
	return &object.Content{Body: empty, Size: content.Size, Version: content.Version}, nil
}

// pin is the version of a blob that is read, once it is known.
type pin struct {
	first sync.Mutex // held while the first answer is waited for

	mu      sync.Mutex
	known   bool
	size    int64
	version string
}

// begin returns the version to ask for, and what to call with the answer, or nil.
func (p *pin) begin() (version string, settle func(*object.Content)) {
	if version, known := p.versioned(); known {
		return version, func(*object.Content) {}
	}
	p.first.Lock()
	if version, known := p.versioned(); known {
		p.first.Unlock()
		return version, func(*object.Content) {}
	}
	return "", func(content *object.Content) {
		if content != nil {
			p.mu.Lock()
			p.known, p.size, p.version = true, content.Size, content.Version
			p.mu.Unlock()
		}
		p.first.Unlock()
	}
}

func (p *pin) versioned() (string, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.version, p.known
}

func (p *pin) sized() (int64, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.size, p.known
}

// empty is a body without bytes.
var empty = io.NopCloser(noBytes{})

type noBytes struct{}

func (noBytes) Read([]byte) (int, error) { return 0, io.EOF }
