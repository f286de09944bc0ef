package cli

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"migassist/internal/sandbox"
)

// TestMain lets the scripts run this test binary as migassist.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"migassist": func() {
			streams := Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}
			os.Exit(Main(context.Background(), streams, os.Args[1:], nil)) //nolint:forbidigo // this is the main of the process that a script starts
		},
	})
}

func TestScripts(t *testing.T) {
	snapshots, err := filepath.Abs("../../testdata/snapshots")
	if err != nil {
		t.Fatal(err)
	}
	small, err := filepath.Abs("../../snapshot/testdata/repositories")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Setup: func(env *testscript.Env) error {
			env.Setenv("SNAPSHOTS", snapshots)
			env.Setenv("SMALL", small)
			return nil
		},
		Dir:                 "../../testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"status": status, "target": target},
	})
}

// status is a command of the scripts: "status 2 migassist …" runs a program that must end with code 2.
func status(script *testscript.TestScript, negated bool, arguments []string) {
	if negated || len(arguments) < 2 {
		script.Fatalf("usage: status CODE PROGRAM [ARGUMENT…]")
	}
	want, err := strconv.Atoi(arguments[0])
	script.Check(err)
	got := 0
	var ended *exec.ExitError
	if err := script.Exec(arguments[1], arguments[2:]...); errors.As(err, &ended) {
		got = ended.ExitCode()
	} else if err != nil {
		script.Fatalf("%v", err)
	}
	if got != want {
		script.Fatalf("%v ended with %d, want %d", arguments[1:], got, want)
	}
}

// target is a command of the scripts: it starts a sandbox that wants a password,
// and says in the environment how to reach it.
func target(script *testscript.TestScript, _ bool, _ []string) {
	server := sandbox.New(sandbox.Options{Username: "admin", Password: "s3cret"})
	script.Check(server.Start())
	script.Defer(func() { _ = server.Close() })
	script.Setenv("MIGASSIST_TARGET_HOST", server.URL())
	script.Setenv("MIGASSIST_TARGET_USERNAME", "admin")
	script.Setenv("MIGASSIST_TARGET_PASSWORD", "s3cret")
}
