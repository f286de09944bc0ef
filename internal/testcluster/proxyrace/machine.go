//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// tick is the unit of processor time in /proc.
const tick = 10 * time.Millisecond

// usage is the processor time that was used so far, by all and by us: this program, its children and theirs.
type usage struct {
	at        time.Time
	all, mine time.Duration
}

// others is the share of the machine that others have used since before.
func (u usage) others(before usage) float64 {
	foreign := (u.all - before.all) - (u.mine - before.mine)
	return max(0, foreign.Seconds()/(u.at.Sub(before.at).Seconds()*float64(runtime.NumCPU())))
}

// observe reads the processor times of the machine and of all processes that come from this one.
func observe() (usage, error) {
	u := usage{at: time.Now()}
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return u, fmt.Errorf("processor times need /proc, as Linux has it: %w", err)
	}
	if u.all, err = busy(stat); err != nil {
		return u, fmt.Errorf("read /proc/stat: %w", err)
	}
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return u, err
	}
	parents, used := map[int]int{}, map[int]time.Duration{}
	for _, path := range paths {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			return u, err
		}
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		if parents[pid], used[pid], err = child(stat); err != nil {
			return u, fmt.Errorf("read %s: %w", path, err)
		}
	}
	for pid, time := range used {
		for up := pid; up > 1; up = parents[up] {
			if up == os.Getpid() {
				u.mine += time
				break
			}
		}
	}
	return u, nil
}

// busy is what all processes have used, of the first line of /proc/stat: proc_stat(5). Interrupts are nobody's.
func busy(stat []byte) (time.Duration, error) {
	line, _, _ := bytes.Cut(stat, []byte("\n"))
	fields := bytes.Fields(line)
	const first, last = 1, 3 // user, nice, system
	if len(fields) <= last {
		return 0, fmt.Errorf("it begins with %q", line)
	}
	return ticks(fields[first : last+1])
}

// child reads parent and processor time, with that of ended children, of /proc/PID/stat: proc_pid_stat(5).
func child(stat []byte) (parent int, used time.Duration, err error) {
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	const ppid, first, last = 1, 11, 14 // utime, stime, cutime, cstime
	if len(fields) <= last {
		return 0, 0, fmt.Errorf("it has %d fields", len(fields))
	}
	if parent, err = strconv.Atoi(string(fields[ppid])); err != nil {
		return 0, 0, err
	}
	used, err = ticks(fields[first : last+1])
	return parent, used, err
}

func ticks(fields [][]byte) (time.Duration, error) {
	var sum time.Duration
	for _, field := range fields {
		n, err := strconv.ParseInt(string(field), 10, 64)
		if err != nil {
			return 0, err
		}
		sum += time.Duration(n) * tick
	}
	return sum, nil
}

// syncTime is the median time of fdatasync after 4 KiB were added to a file of dir, which is what a log does.
func syncTime(dir string) (time.Duration, error) {
	const times, size = 101, 4096
	file, err := os.CreateTemp(dir, "sync-")
	if err != nil {
		return 0, err
	}
	var took []time.Duration
	block := bytes.Repeat([]byte("migrate "), size/8)
	for range times {
		if _, err = file.Write(block); err != nil {
			break
		}
		started := time.Now()
		if err = syscall.Fdatasync(int(file.Fd())); err != nil {
			break
		}
		took = append(took, time.Since(started))
	}
	slices.Sort(took)
	err = errors.Join(err, file.Close(), os.Remove(file.Name()))
	if err != nil {
		return 0, fmt.Errorf("measure fdatasync in %s: %w", dir, err)
	}
	return took[len(took)/2], nil
}

// inMemory says whether a folder is not on a disk: tmpfs or ramfs, as statfs(2) numbers them.
func inMemory(dir string) bool {
	const tmpfs, ramfs = 0x01021994, 0x858458f6
	var fs syscall.Statfs_t
	return syscall.Statfs(dir, &fs) == nil && (fs.Type == tmpfs || fs.Type == ramfs)
}
