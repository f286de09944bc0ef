package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

	"migassist/config"
	"migassist/rfs"
)

// Exit codes, the same in every mode.
const (
	exitDone     = 0
	exitFailed   = 1
	exitUsage    = 2
	exitFindings = 3
	exitNothing  = 4
	exitSignal   = 128 // and the number of the signal
)

// exitCodes is the part of every help text that says what the codes mean.
const exitCodes = `Exit codes:
  0    done
  1    failed
  2    wrong usage or configuration; nothing was done
  3    done, with findings: something was skipped, changed or refused, and is named
  4    nothing to do
  130  stopped by SIGINT, with work left and state saved (SIGTERM, or
       "console backfill stop": 143; SIGHUP: 129)`

// The ends of a command that are no failures. What there is to say about them has been printed with the results.
var (
	errFindings = errors.New("done with findings")
	errNothing  = errors.New("nothing to do")
	errUnread   = errors.New("documents were left unread; the findings say which and why")
)

// Stopped is the cause of a context that a signal cancelled.
type Stopped struct{ Signal os.Signal }

// Error names the signal.
func (s Stopped) Error() string { return fmt.Sprintf("stopped by signal: %s", s.Signal) }

// usageError is a command line that cannot be run. Hint says where to read on.
type usageError struct {
	problem string
	hint    string
}

func (e usageError) Error() string { return e.problem }

// javaEnd is the end of a worker whose caller expects the Java implementation's codes. A nil error is a good one.
type javaEnd struct{ error }

func (e javaEnd) Error() string {
	if e.error == nil {
		return "done"
	}
	return e.error.Error()
}

func (e javaEnd) Unwrap() error { return e.error }

// Exit codes of the Java implementation's worker, which wrapper scripts act upon.
const (
	javaDone       = 0 // of its work item; there may be more
	javaHandedOver = 2 // work is left that others go on with
	javaNoneLeft   = 3
	javaNoneFree   = 4
	javaUnreadable = 5 // the snapshot can't be read, however often one tries
)

func (e javaEnd) code(ctx context.Context) int {
	switch code := exitCode(ctx, e.error); {
	case code == exitDone, code == exitFindings:
		return javaDone
	case code == exitNothing:
		return javaNoneLeft
	case errors.Is(e.error, rfs.ErrStopped):
		return javaNoneFree
	case errors.Is(e.error, errUnread):
		return javaUnreadable
	case code > exitSignal:
		return javaHandedOver
	default:
		return exitFailed
	}
}

// exitCode turns the end of a command into the code of the process.
func exitCode(ctx context.Context, err error) int {
	if java, ok := errors.AsType[javaEnd](err); ok {
		return java.code(ctx)
	}
	var usage usageError
	var problems config.Problems
	var stopped Stopped
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errFindings):
		return exitFindings
	case errors.Is(err, errNothing):
		return exitNothing
	case errors.As(err, &usage), errors.As(err, &problems):
		return exitUsage
	case errors.Is(err, rfs.ErrStopped):
		return exitSignal + int(syscall.SIGTERM) // as if the operator had sent it to every worker
	case errors.As(context.Cause(ctx), &stopped) && errors.Is(err, context.Canceled), errors.As(err, &stopped):
		if number, ok := stopped.Signal.(syscall.Signal); ok {
			return exitSignal + int(number)
		}
	}
	return exitFailed
}

// quiet says whether an end has been told already.
func quiet(err error) bool {
	if java, ok := errors.AsType[javaEnd](err); ok {
		return quiet(java.error)
	}
	return err == nil || errors.Is(err, errFindings) || errors.Is(err, errNothing)
}
