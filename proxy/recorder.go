package proxy

import (
	"sync"
	"time"

	"migassist/capture"
	"migassist/proxy/spool"
)

// gatherBytes is what a recorder gathers before it hands it on: a few small exchanges. It uses the buffers that are read into as well, and a
// large one holds a read of a large one's bytes with what a record has beside.
const gatherBytes = smallBuffer * 3 / 4

// recordRoom is more than a record has beside the bytes of one read.
const recordRoom = 512

// recorder makes the records of one connection. Both directions use it.
type recorder struct {
	spool *spool.Spool

	mu      sync.Mutex
	encoder *capture.Encoder
	need    spool.Need
	tickets []spool.Ticket // of records that are waited for
	since   time.Time      // of the oldest observation that is gathered
	closed  bool
}

func newRecorder(s *spool.Spool, id capture.Identity, limit int) *recorder {
	r := &recorder{spool: s}
	r.encoder = capture.NewEncoder(id, limit, r.put)
	return r
}

// put is called by the encoder with a record. mu is held.
func (r *recorder) put(record capture.Record) {
	ticket := r.spool.Put(record, r.need)
	if r.need.Wait {
		r.tickets = append(r.tickets, ticket)
	}
	r.need.Requests = 0 // it counts once
}

// begin makes room for an observation of so many bytes. mu is held.
func (r *recorder) begin(t time.Time, size int) {
	if r.encoder.Held() && r.encoder.Pending()+size > smallBuffer-recordRoom {
		r.settle(true)
	}
	if !r.encoder.Held() {
		if size <= smallBuffer-recordRoom {
			r.encoder.Use(small())
		} else {
			r.encoder.Use(large())
		}
	}
	if r.encoder.Pending() == 0 {
		r.since = t
	}
}

// settle hands on what is gathered, where it is enough or somebody waits. mu is held.
func (r *recorder) settle(always bool) {
	if !always && r.encoder.Pending() < gatherBytes {
		return
	}
	r.encoder.Flush()
	giveBack(r.encoder.Free())
}

// asked is a piece of a request as it is recorded.
type asked struct {
	data                   []byte
	end                    bool // the request is whole
	firstLine, headerBytes int  // with end
	dropped                bool // with end: it is left out on purpose
	need                   spool.Need
}

// read records a piece of a request, and returns what to wait for.
func (r *recorder) read(t time.Time, a asked) waiting {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return waiting{}
	}
	r.begin(t, len(a.data))
	r.need.Wait, r.need.Hold = a.need.Wait, a.need.Hold
	r.need.Requests += a.need.Requests
	if len(a.data) > 0 {
		r.encoder.Read(t, a.data)
	}
	switch {
	case a.dropped:
		r.encoder.Dropped(t)
	case a.end:
		r.encoder.EndOfMessage(t, a.firstLine, a.headerBytes)
	}
	r.settle(a.need.Wait)
	r.need.Wait, r.need.Hold = false, false
	if len(r.tickets) == 0 {
		return waiting{}
	}
	var w waiting
	w.first, w.more = r.tickets[0], append([]spool.Ticket(nil), r.tickets[1:]...)
	r.tickets = r.tickets[:0]
	return w
}

// waiting is what a piece waits for.
type waiting struct {
	first spool.Ticket
	more  []spool.Ticket
}

func (w waiting) wait() error {
	err := w.first.Wait()
	for _, t := range w.more {
		if moreErr := t.Wait(); err == nil {
			err = moreErr
		}
	}
	return err
}

// write records bytes of an answer.
func (r *recorder) write(t time.Time, data []byte) {
	if len(data) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.writeLocked(t, data)
}

// writeLocked is write where mu is held.
func (r *recorder) writeLocked(t time.Time, data []byte) {
	if r.closed || len(data) == 0 {
		return
	}
	r.begin(t, len(data))
	r.encoder.Write(t, data)
	r.settle(false)
}

// exception records that the connection failed.
func (r *recorder) exception(t time.Time, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	r.begin(t, 0)
	r.encoder.Exception(t, err.Error())
}

// flushOlder hands on what was gathered before that time.
func (r *recorder) flushOlder(before time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.encoder.Pending() > 0 && r.since.Before(before) {
		r.settle(true)
	}
}

// close records the end of the connection.
func (r *recorder) close(t time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	r.closed = true
	r.begin(t, 0)
	r.encoder.Close(t)
	r.settle(true)
}
