package cost

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// tick is the unit of processor time in /proc, which Linux shows as hundredths whatever its own is.
const tick = 10 * time.Millisecond

// Group returns the processor time that the processes of a process group have used so far, and their ended children with
// it. It needs Linux.
func Group(id int) (time.Duration, error) {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(files) == 0 {
		return 0, errors.Join(errors.New("processor times need /proc, as Linux has it"), err)
	}
	found := false
	var sum time.Duration
	for _, file := range files {
		stat, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		group, used, err := parse(stat)
		if err != nil {
			return 0, fmt.Errorf("read %s: %w", file, err)
		}
		if group == id {
			sum += used
			found = true
		}
	}
	if !found {
		return 0, fmt.Errorf("no process is in group %d", id)
	}
	return sum, nil
}

// parse reads a line of /proc/PID/stat: proc_pid_stat(5). The fields are counted from behind the name, which may hold anything.
func parse(stat []byte) (group int, used time.Duration, err error) {
	_, rest, ok := bytes.Cut(stat[bytes.LastIndexByte(stat, ')')+1:], []byte(" "))
	fields := bytes.Fields(rest)
	const pgrp, first, last = 2, 11, 14 // utime, stime, cutime, cstime
	if !ok || len(fields) <= last {
		return 0, 0, fmt.Errorf("it has %d fields", len(fields))
	}
	if group, err = strconv.Atoi(string(fields[pgrp])); err != nil {
		return 0, 0, err
	}
	for _, field := range fields[first : last+1] {
		ticks, err := strconv.ParseInt(string(field), 10, 64)
		if err != nil {
			return 0, 0, err
		}
		used += time.Duration(ticks) * tick
	}
	return group, used, nil
}
