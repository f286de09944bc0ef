package bulk

import "time"

// window is how many requests are let to the target at once: between 1 and a ceiling, found from how long answers take.
//
// The time of an answer with nothing queued before it is the base. From it and the present time follows how many of the
// requests in flight do not work but wait at the target (TCP Vegas, Brakmo and Peterson 1995):
//
//	queued = size x (1 - base/present)
//
// While hardly any do, latency is flat and more requests mean more throughput: the window grows, at first by doubling, then
// by one a round. Where many do, it shrinks to what works, and one more. Between the two it stays. A target that pushes back
// (429, 503, rejected items, no answer) halves it, once for all requests that were in flight together.
//
// The base ages with the target's indices. So every minute a round goes with half of the window, which leaves no queue, and
// gives the new base.
//
// Latencies are compared by byte, and only of requests of about one size: the small rest of a batch says nothing.
type window struct {
	ceiling float64
	size    float64
	steady  bool // no longer doubling

	generation int // of requests: those that were sent since the size changed
	full       bool
	round      round
	largest    int // bytes of a request in this round and the last
	base       float64
	probe      time.Time // when the base is to be found anew
	restore    float64   // size before the probe that is under way; 0: none is
}

// round collects answers to as many requests as the window holds.
type round struct {
	answers int
	sum     float64 // seconds by byte
	largest int
}

// How often the base is found anew.
const probeEvery = time.Minute

// limit returns how many requests may be in flight.
func (w *window) limit() int { return int(w.size) }

// cap changes the ceiling.
func (w *window) cap(ceiling int) {
	w.ceiling = float64(ceiling)
	if w.size == 0 {
		w.size = 1
	}
	if w.size > w.ceiling {
		w.resize(w.ceiling)
	}
	w.restore = min(w.restore, w.ceiling)
}

func (w *window) resize(size float64) {
	w.size = max(1, min(size, w.ceiling))
	w.generation++
	w.round, w.full = round{}, false
}

// pushedBack takes note that the target did not take a request of a generation.
func (w *window) pushedBack(generation int) {
	if generation < w.generation {
		return // one of those for which it was halved already
	}
	w.steady, w.restore = true, 0
	w.resize(w.size / 2)
}

// answered takes note of an answer to a request of so many bytes, after so long.
func (w *window) answered(generation, bytes int, took time.Duration, now time.Time) {
	if generation < w.generation || bytes == 0 {
		return
	}
	w.round.largest = max(w.round.largest, bytes)
	if 2*bytes < max(w.largest, w.round.largest) {
		return
	}
	w.round.answers++
	w.round.sum += took.Seconds() / float64(bytes)
	if w.round.answers >= max(2, w.limit()) {
		w.evaluate(w.round.sum/float64(w.round.answers), now)
	}
}

// evaluate ends a round whose answers took so long by byte.
func (w *window) evaluate(present float64, now time.Time) {
	full := w.full
	w.largest = w.round.largest
	w.round, w.full = round{}, false
	switch {
	case w.restore > 0:
		w.base, w.probe = present, now.Add(probeEvery)
		size := w.restore
		w.restore = 0
		w.resize(size)
		return
	case w.base == 0 || present < w.base || w.size < 2:
		w.base = present
	}
	if w.probe.IsZero() {
		w.probe = now.Add(probeEvery)
	}
	if w.size >= 2 && !now.Before(w.probe) {
		w.restore = w.size
		w.resize(w.size / 2)
		return
	}
	w.adapt(w.base/present, full)
}

// adapt changes the size by the part of the requests that work.
func (w *window) adapt(working float64, full bool) {
	queued := w.size * (1 - working)
	few, many := max(1, w.size/4), max(3, w.size/2)
	switch {
	case queued < few && full && w.size < w.ceiling && w.steady:
		w.resize(w.size + 1)
	case queued < few && full && w.size < w.ceiling:
		w.resize(w.size * 2)
	case queued < few:
	case queued > many, !w.steady:
		w.steady = true
		if size := max(w.size*working+1, w.size/2); size < w.size {
			w.resize(size)
		}
	}
}
