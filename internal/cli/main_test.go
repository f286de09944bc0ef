package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/cobra"

	"migassist/config"
	"migassist/rfs"
)

func TestEveryHelpHasAnExampleAndTheExitCodes(t *testing.T) {
	var visit func(*cobra.Command)
	visit = func(cmd *cobra.Command) {
		if !strings.Contains(cmd.Long, exitCodes) {
			t.Errorf("%s: the help does not say what the exit codes mean", cmd.CommandPath())
		}
		if !strings.HasPrefix(cmd.Example, "  migassist ") {
			t.Errorf("%s: the help has no example", cmd.CommandPath())
		}
		for _, sub := range cmd.Commands() {
			visit(sub)
		}
	}
	visit((&program{out: &bytes.Buffer{}}).root())
}

func TestExitCodeOfEachEnd(t *testing.T) {
	stopped := func(s syscall.Signal) context.Context {
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(Stopped{s})
		return ctx
	}
	for _, c := range []struct {
		name string
		ctx  context.Context
		err  error
		want int
	}{
		{"done", context.Background(), nil, 0},
		{"done in spite of a signal", stopped(syscall.SIGTERM), nil, 0},
		{"failed", context.Background(), errors.New("x"), 1},
		{"failed, then a signal", stopped(syscall.SIGINT), errors.New("x"), 1},
		{"usage", context.Background(), usageError{problem: "x"}, 2},
		{"configuration", context.Background(), config.Problems{{What: "x"}}, 2},
		{"findings", context.Background(), fmt.Errorf("migrate: %w", errFindings), 3},
		{"nothing", context.Background(), errNothing, 4},
		{"interrupted", stopped(syscall.SIGINT), fmt.Errorf("read: %w", context.Canceled), 130},
		{"terminated", stopped(syscall.SIGTERM), fmt.Errorf("read: %w", context.Canceled), 143},
		{"java: some of the work was done", context.Background(), javaEnd{}, 0},
		{"java: done with findings", context.Background(), javaEnd{errFindings}, 0},
		{"java: no work left", context.Background(), javaEnd{errNothing}, 3},
		{"java: terminated", stopped(syscall.SIGTERM), javaEnd{fmt.Errorf("read: %w", context.Canceled)}, 2},
		{"java: stopped by the operator", context.Background(), javaEnd{rfs.ErrStopped}, 4},
		{"java: can't be read", context.Background(), javaEnd{errors.Join(nil, errUnread)}, 5},
		{"java: failed", context.Background(), javaEnd{errors.New("x")}, 1},
	} {
		if got := exitCode(c.ctx, c.err); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func TestResultsThatCannotBeWrittenAreAFailure(t *testing.T) {
	for _, arguments := range [][]string{{"version"}, {"version", "--output=json"}, {"--help"}, {"console", "config", "show"}} {
		var talk bytes.Buffer
		code := Main(t.Context(), Streams{Out: full{}, Err: &talk}, arguments, nil)
		if code != exitFailed || !strings.Contains(talk.String(), "write the results: no space left on device") {
			t.Errorf("%v: got code %d and %q", arguments, code, talk.String())
		}
	}
}

func TestALogLineTakesThePlaceOfTheProgress(t *testing.T) {
	var terminal bytes.Buffer
	terminal.WriteString("  12% of something")
	if n, err := (aboveProgress{&terminal}).Write([]byte("a warning\n")); n != len("a warning\n") || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if got := terminal.String(); got != "  12% of something\r\x1b[Ka warning\n" {
		t.Errorf("%q", got)
	}
}
