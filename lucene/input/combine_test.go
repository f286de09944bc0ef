package input

import (
	"hash/crc32"
	"math/rand/v2"
	"testing"
)

// TestCombineIsTheChecksumOfBoth cuts random bytes at random places.
func TestCombineIsTheChecksumOfBoth(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		data := make([]byte, random.IntN(1<<random.IntN(18)))
		for i := range data {
			data[i] = byte(random.Uint32())
		}
		cut := random.IntN(len(data) + 1)
		a, b := crc32.ChecksumIEEE(data[:cut]), crc32.ChecksumIEEE(data[cut:])
		all, n := crc32.ChecksumIEEE(data), int64(len(data)-cut)
		if got := Combine(a, b, n); got != all {
			t.Fatalf("%d and %d bytes: %08x, want %08x", cut, n, got, all)
		}
		if got := Before(all, b, n); got != a {
			t.Fatalf("before the last %d of %d bytes: %08x, want %08x", n, len(data), got, a)
		}
		if got := After(all, a, n); got != b {
			t.Fatalf("the last %d of %d bytes: %08x, want %08x", n, len(data), got, b)
		}
	}
}

// TestCombineOfLargeFiles joins what can't be held: zeros beyond four and beyond 2^61 bytes, in two ways.
func TestCombineOfLargeFiles(t *testing.T) {
	zeros := func(n int64) uint32 { return Combine(0xFFFFFFFF, 0xFFFFFFFF, n) } // any two numbers will do
	for _, n := range []int64{1<<32 + 5, 1<<40 - 1, 1 << 61, 1<<62 + 12345} {
		half := n / 2
		if got, want := Combine(Combine(7, 9, half), 0, n-half), Combine(7, Combine(9, 0, n-half), n); got != want {
			t.Errorf("%d: %08x, want %08x", n, got, want)
		}
		if got := Before(Combine(7, 9, n), 9, n); got != 7 {
			t.Errorf("%d: %08x, want 7", n, got)
		}
		if zeros(n) == zeros(n+1) {
			t.Errorf("%d bytes count as %d", n, n+1)
		}
	}
	data := make([]byte, 1<<20)
	sum := crc32.ChecksumIEEE(data)
	four := uint32(0)
	for range 5 << 10 { // 5 GiB, in steps
		four = Combine(four, sum, 1<<20)
	}
	direct := uint32(0)
	for doubled, n := sum, int64(1<<20); n <= 5<<30; doubled, n = Combine(doubled, doubled, n), 2*n {
		if n&(5<<30) != 0 {
			direct = Combine(doubled, direct, (5<<30)&(n-1))
		}
	}
	if four != direct {
		t.Errorf("5 GiB in steps %08x, by doubling %08x", four, direct)
	}
}

func BenchmarkCombine(b *testing.B) {
	for b.Loop() {
		Combine(0x12345678, 0x9ABCDEF0, 256<<10)
	}
}
