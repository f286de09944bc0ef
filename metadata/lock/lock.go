package lock

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"migassist/cluster"
)

// Prefix begins the name of every lock's template.
const Prefix = "migassist-lock-"

// Target is where locks are.
type Target interface {
	// IndexTemplates takes a pattern.
	IndexTemplates(ctx context.Context, name string) (map[string]json.RawMessage, error)
	PutIndexTemplate(ctx context.Context, name string, body json.RawMessage) error
	DeleteIndexTemplate(ctx context.Context, name string) error
}

var _ Target = (*cluster.Client)(nil)

// Options are what a lock is, and whose.
type Options struct {
	Name   string // small letters
	Holder Holder
	// Beat is how often a holder shows that it lives; 5 s where it is 0, which a cluster does not notice. After four beats without
	// one it is given up: requests to a busy cluster may take as long.
	Beat time.Duration
}

// HeldError tells that another holds the lock.
type HeldError struct{ Holder Holder }

// Error names the holder.
func (e *HeldError) Error() string { return "another is at work: " + e.Holder.String() }

// ErrLost is the end of work whose lock another has taken, as this process did not move for long.
var ErrLost = errors.New("this process stood still for so long that another took its place")

// priority is above what people choose, so that a template for all names does not get into the way of the lock, nor the lock into its.
const priority = 1<<31 - 3

// missed is how many beats a holder may miss.
const missed = 4

// Hold does the work while it holds the lock, and gives it back. A *HeldError tells that another has it. The work's context
// ends when the lock is lost; the error is then ErrLost, beside what the work returned.
func Hold(ctx context.Context, target Target, options Options, work func(context.Context) error) error {
	if options.Beat == 0 {
		options.Beat = 5 * time.Second
	}
	var random [4]byte
	if _, err := rand.Read(random[:]); err != nil {
		return err
	}
	l := &held{target: target, options: options, name: Prefix + options.Name + "-" + hex.EncodeToString(random[:])}
	if err := l.take(ctx); err != nil {
		return err
	}
	working, end := context.WithCancelCause(ctx)
	beating, still := context.WithCancel(working)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		l.keep(beating, end)
	}()
	err := work(working)
	still()
	<-ended
	if lost := context.Cause(working); errors.Is(lost, ErrLost) && !errors.Is(err, ErrLost) {
		err = errors.Join(lost, err)
	}
	end(nil)
	return errors.Join(err, l.giveBack(ctx))
}

// held is a lock that is held, or about to be.
type held struct {
	target  Target
	options Options
	name    string
	beat    int
}

// mark is what the template says.
type mark struct {
	Holder Holder `json:"holder"`
	Beat   int    `json:"beat"`
}

func (l *held) put(ctx context.Context) error {
	l.beat++
	body, err := json.Marshal(map[string]any{
		"index_patterns": []string{Prefix + l.options.Name}, "priority": priority,
		"_meta": map[string]any{"migassist": mark{l.options.Holder, l.beat}},
	})
	if err != nil {
		return err
	}
	return l.target.PutIndexTemplate(ctx, l.name, body)
}

// refused tells whether the server looked at a template and did not want it.
func refused(err error) bool {
	answer, ok := errors.AsType[*cluster.Error](err)
	return ok && answer.Status == http.StatusBadRequest
}

// take gets the lock, or says who has it.
func (l *held) take(ctx context.Context) error {
	const tries = 5 // each ends with a dead holder removed, or one that gave the lock back meanwhile
	for range tries {
		err := l.put(ctx)
		if err == nil || errors.Is(err, cluster.ErrNotAcknowledged) {
			return nil
		}
		if !refused(err) {
			return fmt.Errorf("take the lock %s on the target: %w", l.options.Name, err)
		}
		others, listed := l.others(ctx)
		if listed != nil {
			return listed
		}
		if len(others) == 0 {
			if tryAgain(err) {
				continue
			}
			return fmt.Errorf("take the lock %s on the target: %w", l.options.Name, err)
		}
		for name, other := range others {
			if err := l.watch(ctx, name, other); err != nil {
				return err
			}
		}
	}
	return fmt.Errorf("take the lock %s on the target: others took and left it %d times meanwhile", l.options.Name, tries)
}

// tryAgain tells whether the refusal names another lock, which is gone by now.
func tryAgain(err error) bool { return strings.Contains(err.Error(), "["+Prefix) }

// others are the templates of the lock but ours.
func (l *held) others(ctx context.Context) (map[string]mark, error) {
	prefix := Prefix + l.options.Name + "-"
	listed, err := l.target.IndexTemplates(ctx, prefix+"*")
	if err != nil {
		return nil, fmt.Errorf("ask who holds the lock %s on the target: %w", l.options.Name, err)
	}
	marks := map[string]mark{}
	for _, name := range slices.Sorted(maps.Keys(listed)) {
		if name == l.name || !strings.HasPrefix(name, prefix) {
			continue
		}
		var body struct {
			Meta struct {
				Mark mark `json:"migassist"`
			} `json:"_meta"`
		}
		if err := json.Unmarshal(listed[name], &body); err != nil {
			return nil, fmt.Errorf("read the lock %s on the target: %w", name, err)
		}
		marks[name] = body.Meta.Mark
	}
	return marks, nil
}

// watch returns nil when another's template is gone, by itself or because its holder is.
func (l *held) watch(ctx context.Context, name string, first mark) error {
	for range missed {
		if first.Holder.gone(l.options.Holder) {
			break
		}
		if err := pause(ctx, l.options.Beat); err != nil {
			return err
		}
		now, err := l.others(ctx)
		if err != nil {
			return err
		}
		current, there := now[name]
		switch {
		case !there:
			return nil
		case current.Beat != first.Beat:
			return &HeldError{current.Holder}
		}
	}
	if err := l.target.DeleteIndexTemplate(ctx, name); err != nil && !cluster.NotFound(err) {
		return fmt.Errorf("remove the lock %s of a process that is gone (%s): %w", name, first.Holder, err)
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// keep writes a beat now and then. One that does not arrive is written later, unless another has the lock.
func (l *held) keep(ctx context.Context, end context.CancelCauseFunc) {
	for pause(ctx, l.options.Beat) == nil {
		err := l.put(ctx)
		if !refused(err) {
			continue
		}
		if others, listed := l.others(ctx); listed == nil && len(others) > 0 {
			end(ErrLost)
			return
		}
	}
}

// giveBack removes the template, also when the work was stopped.
func (l *held) giveBack(ctx context.Context) error {
	const patience = 30 * time.Second
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if err := l.target.DeleteIndexTemplate(ctx, l.name); err != nil && !cluster.NotFound(err) {
		return fmt.Errorf("give back the lock %s (who comes next removes it): %w", l.name, err)
	}
	return nil
}
