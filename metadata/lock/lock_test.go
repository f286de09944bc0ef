package lock

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"migassist/cluster"
)

// templates is a target that refuses overlapping templates as a server does.
type templates struct {
	mu   sync.Mutex
	here map[string]json.RawMessage
	down error
}

func (f *templates) IndexTemplates(_ context.Context, pattern string) (map[string]json.RawMessage, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	found := map[string]json.RawMessage{}
	for name, body := range f.here {
		if strings.HasPrefix(name, strings.TrimSuffix(pattern, "*")) {
			found[name] = body
		}
	}
	return found, f.down
}

func (f *templates) PutIndexTemplate(ctx context.Context, name string, body json.RawMessage) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := errors.Join(ctx.Err(), f.down); err != nil {
		return err
	}
	if f.here == nil {
		f.here = map[string]json.RawMessage{}
	}
	for other := range f.here {
		if other != name && other[:len(other)-9] == name[:len(name)-9] {
			return &cluster.Error{Status: http.StatusBadRequest, Type: "illegal_argument_exception", Reason: "patterns from existing templates [" + other + "]"}
		}
	}
	f.here[name] = body
	return nil
}

func (f *templates) DeleteIndexTemplate(ctx context.Context, name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.here[name] == nil {
		return &cluster.Error{Status: http.StatusNotFound}
	}
	delete(f.here, name)
	return ctx.Err()
}

func (f *templates) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.here)
}

func by(doing string) Options {
	return Options{Name: "test", Holder: Holder{Doing: doing, Host: "h", PID: 1, Since: time.Unix(0, 0).UTC()}}
}

func TestASecondIsToldWhoHoldsTheLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := &templates{}
		err := Hold(t.Context(), target, by("first"), func(ctx context.Context) error {
			err := Hold(ctx, target, by("second"), func(context.Context) error { t.Error("both held it"); return nil })
			taken, ok := errors.AsType[*HeldError](err)
			if !ok || taken.Holder.Doing != "first" {
				t.Errorf("got %v", err)
			}
			return pause(ctx, time.Hour)
		})
		if err != nil || target.count() != 0 {
			t.Errorf("%v, %d left", err, target.count())
		}
	})
}

func TestADeadHolderIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := &templates{}
		dead := &held{target: target, options: by("dead"), name: Prefix + "test-00000000"}
		if err := dead.put(t.Context()); err != nil {
			t.Fatal(err)
		}
		began, done := time.Now(), false
		err := Hold(t.Context(), target, by("next"), func(context.Context) error { done = true; return nil })
		if err != nil || !done || target.count() != 0 || time.Since(began) != 20*time.Second {
			t.Errorf("%v, done %v after %s, %d left", err, done, time.Since(began), target.count())
		}
	})
}

func TestAProcessOfThisMachineThatIsGoneIsNotWaitedFor(t *testing.T) {
	ours := ThisProcess("next", time.Now())
	if ours.Machine == "" {
		t.Skip("this system does not tell processes of containers apart")
	}
	command := exec.CommandContext(t.Context(), "true")
	if err := command.Run(); err != nil {
		t.Skip(err)
	}
	gone := ours
	gone.PID = command.Process.Pid
	target := &templates{}
	dead := &held{target: target, options: Options{Name: "test", Holder: gone}, name: Prefix + "test-00000000"}
	if err := dead.put(t.Context()); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := Hold(t.Context(), target, Options{Name: "test", Holder: ours}, func(context.Context) error { return nil }); err != nil {
		t.Error(err)
	}
	if waited := time.Since(began); waited > 4*time.Second {
		t.Errorf("waited %s", waited)
	}
	other := gone
	other.Machine = "another"
	if other.gone(ours) {
		t.Error("a process of another machine was taken for dead")
	}
}

func TestAHolderThatSleptIsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := &templates{}
		err := Hold(t.Context(), target, by("sleeper"), func(ctx context.Context) error {
			target.mu.Lock()
			clear(target.here) // another gave it up
			target.mu.Unlock()
			return Hold(context.WithoutCancel(ctx), target, by("other"), func(context.Context) error {
				<-ctx.Done()
				return context.Cause(ctx)
			})
		})
		if !errors.Is(err, ErrLost) || target.count() != 0 {
			t.Errorf("got %v, %d left", err, target.count())
		}
	})
}

func TestATargetThatIsDownIsNamed(t *testing.T) {
	target := &templates{down: errors.New("connection refused")}
	err := Hold(t.Context(), target, by("one"), func(context.Context) error { t.Error("worked without the lock"); return nil })
	if err == nil || !strings.Contains(err.Error(), "take the lock test on the target: connection refused") {
		t.Errorf("got %v", err)
	}
}

func TestTheLockIsGivenBackWhenTheWorkIsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := &templates{}
		ctx, cancel := context.WithCancel(t.Context())
		err := Hold(ctx, target, by("one"), func(ctx context.Context) error {
			cancel()
			<-ctx.Done()
			return ctx.Err()
		})
		if !errors.Is(err, context.Canceled) || target.count() != 0 {
			t.Errorf("got %v, %d left", err, target.count())
		}
	})
}
