package transform

import "time"

// Limits bound what a transform does with one message.
type Limits struct {
	Time   time.Duration // 0: 5 s
	Memory int64         // bytes by which the heap may grow meanwhile; 0: 256 MiB
}

// WithDefaults fills in what is zero.
func (l Limits) WithDefaults() Limits {
	if l.Time <= 0 {
		l.Time = 5 * time.Second
	}
	if l.Memory <= 0 {
		l.Memory = 256 << 20
	}
	return l
}
