package verify

import "math/bits"

// prime is 2^61 - 1: sums of products modulo it can be divided again, which is how a bucket's sums give back a name.
const prime = 1<<61 - 1

func reduce(x uint64) uint64 {
	x = x&prime + x>>61
	if x >= prime {
		x -= prime
	}
	return x
}

func plus(a, b uint64) uint64 { return reduce(a + b) }

func minus(a, b uint64) uint64 {
	if a < b {
		a += prime
	}
	return a - b
}

func times(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	return reduce(low&prime + (low>>61 | high<<3))
}

// inverse returns what times a is 1; 0 has none. Source: Fermat's little theorem.
func inverse(a uint64) uint64 {
	result := uint64(1)
	for e := uint64(prime - 2); e > 0; e >>= 1 {
		if e&1 == 1 {
			result = times(result, a)
		}
		a = times(a, a)
	}
	return result
}
