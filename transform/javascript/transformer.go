package javascript

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/dop251/goja"

	"migassist/transform"
	"migassist/xcontent/tree"
)

// transformer is one goroutine's use of a program.
type transformer struct {
	program *Program
	watch   watch
	rt      *instance // nil: main has to be called first
}

// Transform implements [transform.Transformer]. Errors name script and line.
func (t *transformer) Transform(ctx context.Context, dst []*transform.Message, m *transform.Message) ([]*transform.Message, error) {
	message, err := m.Value()
	if err != nil {
		return nil, err
	}
	t.program.alone.RLock()
	result, changed, err := t.call(ctx, message)
	t.program.alone.RUnlock()
	if errors.Is(err, errMemory) {
		result, changed, err = t.callAlone(ctx, message)
	}
	switch {
	case err != nil:
		return nil, err
	case !changed:
		return append(dst, m), nil
	}
	if dst, err = m.Replace(dst, result); err != nil {
		return nil, fmt.Errorf("%s: %w", t.program.name, err)
	}
	return dst, nil
}

// callAlone calls again what seemed to need too much memory, while no other script runs that could have taken it. The first call has not changed
// the message: changes are made at the end.
func (t *transformer) callAlone(ctx context.Context, message *tree.Value) (*tree.Value, bool, error) {
	t.program.alone.Lock()
	defer t.program.alone.Unlock()
	runtime.GC()
	result, changed, err := t.call(ctx, message)
	if errors.Is(err, errMemory) {
		err = fmt.Errorf("%s: the message needs more than %d MiB of memory", t.program.name, t.program.options.Limits.Memory>>20)
	}
	return result, changed, err
}

// start begins the script, where it has not begun, or was stopped.
func (t *transformer) start(ctx context.Context) error {
	if t.rt != nil {
		return nil
	}
	t.watch.limits = t.program.options.Limits
	rt := newInstance(t.program, goja.New())
	rt.watch = &t.watch
	err := t.guarded(ctx, rt, rt.start)
	if errors.Is(err, errMemory) {
		return fmt.Errorf("%s: main needs more than %d MiB of memory", t.program.name, t.program.options.Limits.Memory>>20)
	}
	if err == nil {
		t.rt = rt
	}
	return err
}

func (t *transformer) call(ctx context.Context, message *tree.Value) (result *tree.Value, changed bool, err error) {
	if err := t.start(ctx); err != nil {
		return nil, false, err
	}
	rt := t.rt
	err = t.guarded(ctx, rt, func() (err error) {
		result, changed, err = rt.call(message)
		return err
	})
	return result, changed, err
}

// guarded runs a part of the script under the limits. What was stopped in its middle is not used again.
func (t *transformer) guarded(ctx context.Context, rt *instance, f func() error) (err error) {
	defer func() {
		if x := recover(); x != nil {
			t.rt = nil
			err = t.program.panicked(x)
		}
	}()
	return t.watch.run(ctx, rt.vm, func() error {
		err := f()
		if err == nil {
			return nil
		}
		if !ended(err) {
			return err
		}
		t.rt = nil
		return t.program.stopped(err)
	})
}

func where(name string, stack []goja.StackFrame) string {
	for _, frame := range stack {
		if at := frame.Position(); at.Line > 0 {
			return fmt.Sprintf("%s line %d", name, at.Line)
		}
	}
	return name
}

// ended tells whether the interpreter was stopped in its middle.
func ended(err error) bool {
	var overflow *goja.StackOverflowError
	var interrupted *goja.InterruptedError
	return errors.As(err, &overflow) || errors.As(err, &interrupted)
}

// stopped describes why.
func (p *Program) stopped(err error) error {
	var overflow *goja.StackOverflowError
	var interrupted *goja.InterruptedError
	switch {
	case errors.As(err, &overflow):
		return fmt.Errorf("%s: calls lie more than %d deep in each other", where(p.name, overflow.Stack()), maxCalls)
	case errors.As(err, &interrupted):
		cause, _ := interrupted.Value().(error)
		return fmt.Errorf("%s: stopped: %w", where(p.name, interrupted.Stack()), cause)
	}
	return fmt.Errorf("%s: %w", p.name, err)
}

// panicked describes what came out of goja as a panic.
func (p *Program) panicked(x any) error {
	if err, ok := x.(error); ok {
		var runtimeError runtime.Error
		if !errors.As(err, &runtimeError) && ended(err) {
			return p.stopped(err)
		}
	}
	return fmt.Errorf("%s: the interpreter failed: %v", p.name, x)
}
