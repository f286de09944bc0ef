package sandbox

import (
	"net/http"
	"sync"
	"time"
)

// Fault is something that goes wrong with bulk requests.
type Fault struct {
	// Status is answered instead of working: 429, 503, 413, ... 0 works.
	Status int
	// RetryAfter goes with Status as a header, when set.
	RetryAfter string
	// Drop hangs up without an answer, before anything is done.
	Drop bool
	// DropAfter does the work and hangs up without an answer.
	DropAfter bool
	// Delay waits before anything else, or until the client hangs up.
	Delay time.Duration
	// RejectEvery refuses every n-th item of the bulk with rejected_execution_exception (429), the
	// first one first. 0 refuses none.
	RejectEvery int
	// LoseEvery acknowledges every n-th item of the bulk, the first one first, and does not keep its document. 0 loses none.
	LoseEvery int
}

// faults is the queue of what will go wrong.
type faults struct {
	mu    sync.Mutex
	queue []Fault
	every *Fault
}

// FailBulks makes the next n bulk requests go wrong, after those queued before.
func (s *Server) FailBulks(n int, fault Fault) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	for range n {
		s.faults.queue = append(s.faults.queue, fault)
	}
}

// FailEveryBulk makes every bulk request go wrong whose turn is not in the queue; nil ends that.
func (s *Server) FailEveryBulk(fault *Fault) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.every = fault
}

func (f *faults) next() Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.queue) > 0 {
		fault := f.queue[0]
		f.queue = f.queue[1:]
		return fault
	}
	if f.every != nil {
		return *f.every
	}
	return Fault{}
}

// before is what goes wrong before any work; it reports whether the request is over.
func (f Fault) before(w http.ResponseWriter, r *http.Request) bool {
	if f.Delay > 0 {
		timer := time.NewTimer(f.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
		}
	}
	if f.Drop {
		panic(http.ErrAbortHandler) // net/http's way to hang up
	}
	if f.Status == 0 {
		return false
	}
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	f.problem().answer().write(w, nil)
	return true
}

// problem is what the real server says with the status.
func (f Fault) problem() *problem {
	p := invalid("rejected_execution_exception", "rejected execution of coordinating operation")
	switch f.Status {
	case http.StatusTooManyRequests:
	case http.StatusServiceUnavailable:
		p = invalid("cluster_block_exception", "blocked by: [SERVICE_UNAVAILABLE/1/state not recovered / initialized];")
	case http.StatusRequestEntityTooLarge:
		p = &problem{empty: true}
	default:
		p = invalid("exception", "injected fault")
	}
	p.status = f.Status
	return p
}

// rejection is what an item says that found no place in the queue.
func rejection() *problem {
	p := invalid("rejected_execution_exception", "rejected execution of primary operation: queue is full")
	p.status = http.StatusTooManyRequests
	return p
}
