package cost

import (
	"runtime"
	"syscall"
	"testing"
	"time"
)

func TestGroupCountsWhatThisProcessUses(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("there is no /proc")
	}
	group := syscall.Getpgrp()
	before, err := Group(group)
	if err != nil {
		t.Fatal(err)
	}
	after := before
	for end := time.Now().Add(20 * time.Second); after-before < 50*time.Millisecond; {
		if after, err = Group(group); err != nil || time.Now().After(end) {
			t.Fatalf("%v more after 20 s of work, %v", after-before, err)
		}
	}
	if _, err := Group(1 << 30); err == nil {
		t.Error("a group that is not there has a time")
	}
}

func TestParseReadsBehindAnyName(t *testing.T) {
	group, used, err := parse([]byte("12 (a ) b) S 1 77 12 0 -1 4194560 1 2 3 4 100 20 3 1 20 0 5 0 99 1 2\n"))
	if err != nil || group != 77 || used != 1240*time.Millisecond {
		t.Errorf("group %d, %v, %v", group, used, err)
	}
}
