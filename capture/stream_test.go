package capture_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"migassist/capture"
	"migassist/capture/archive"
)

// What the Java proxy wrote, decoded and encoded again, is the same bytes, but for records that it cut into segments.
func TestOurRecordsAreThoseOfTheJavaProxy(t *testing.T) {
	file, err := os.Open("../testdata/captures/kafka-export-1.proto.gz")
	if err != nil {
		t.Fatal(err)
	}
	lines, err := archive.NewLines("export", file)
	if err != nil {
		t.Fatal(err)
	}
	defer lines.Close()
	encoders, last := map[string]*capture.Encoder{}, capture.Record{}
	compared := 0
	for {
		entry, err := lines.Next(t.Context())
		if err != nil {
			break
		}
		var s capture.Stream
		if err := capture.Decode(entry.Value, &s); err != nil {
			t.Fatal(err)
		}
		e := encoders[s.Connection]
		if e == nil {
			e = capture.NewEncoder(capture.Identity{Connection: s.Connection, Node: s.Node}, 1<<20, func(r capture.Record) {
				last = capture.Record{Key: r.Key, Value: bytes.Clone(r.Value)}
			})
			encoders[s.Connection] = e
		}
		segments := again(e, s.Observations)
		if !s.Last {
			e.Flush()
		}
		if segments {
			continue
		}
		compared++
		if !bytes.Equal(last.Value, entry.Value) || !bytes.Equal(last.Key, entry.Key) {
			t.Fatalf("%s %d:\nours  %x\ntheirs %x", s.Connection, s.Number, last.Value, entry.Value)
		}
	}
	if compared < 600 {
		t.Errorf("only %d records were compared", compared)
	}
}

// again has the encoder take observations as they were decoded; it says whether there were segments.
func again(e *capture.Encoder, observations []capture.Observation) (segments bool) {
	for _, o := range observations {
		switch o.Kind {
		case capture.Read, capture.ReadSegment:
			e.Read(o.Time, o.Data)
		case capture.Write, capture.WriteSegment:
			e.Write(o.Time, o.Data)
		case capture.EndOfMessage:
			e.EndOfMessage(o.Time, o.FirstLine, o.HeaderBytes)
		case capture.Close:
			e.Close(o.Time)
		}
		segments = segments || o.Kind == capture.ReadSegment || o.Kind == capture.WriteSegment || o.Kind == capture.SegmentEnd
	}
	return segments
}

// Whatever the limit, no stream is longer, and the bytes of each direction come out as they went in.
func TestStreamsAreCutBelowTheLimit(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, limit := range []int{capture.MinLimit, 1500, 4096, 65536} {
		var read, written, readBack, writtenBack []byte
		var whole bool
		number, requests := 0, 0
		e := capture.NewEncoder(capture.Identity{Connection: strings.Repeat("c", 40), Node: strings.Repeat("n", 36)}, limit, func(r capture.Record) {
			var s capture.Stream
			if err := capture.Decode(r.Value, &s); err != nil {
				t.Fatal(err)
			}
			number++
			if len(r.Value) > limit || s.Number != number || s.PriorRequests > requests {
				t.Fatalf("%d bytes for %d, number %d, %d requests before", len(r.Value), limit, s.Number, s.PriorRequests)
			}
			whole = whole || s.Last
			for _, o := range s.Observations {
				switch o.Kind {
				case capture.Read, capture.ReadSegment:
					readBack = append(readBack, o.Data...)
				case capture.Write, capture.WriteSegment:
					writtenBack = append(writtenBack, o.Data...)
				}
			}
		})
		now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
		for range 300 {
			data := make([]byte, random.IntN(6000))
			for i := range data {
				data[i] = byte(random.Uint32())
			}
			now = now.Add(time.Duration(random.IntN(1e9)))
			switch random.IntN(4) {
			case 0:
				e.Write(now, data)
				written = append(written, data...)
			case 1:
				e.Read(now, data)
				read = append(read, data...)
				e.EndOfMessage(now, 10, 20)
				requests++
			case 2:
				e.Read(now, data)
				read = append(read, data...)
			default:
				e.Flush()
			}
		}
		e.Close(now)
		if !bytes.Equal(read, readBack) || !bytes.Equal(written, writtenBack) || !whole {
			t.Errorf("limit %d: %d of %d read, %d of %d written, last %v", limit, len(readBack), len(read), len(writtenBack), len(written), whole)
		}
	}
}

func TestGapsAreKnownAgain(t *testing.T) {
	want := capture.Gap{Node: "n", From: time.Unix(5, 7).UTC(), To: time.Unix(9, 0).UTC(), Records: 3, Requests: 2, Bytes: 1 << 40, Reason: "disk full"}
	var s capture.Stream
	if err := capture.Decode(capture.EncodeGap("n.gap.1", want).Value, &s); err != nil {
		t.Fatal(err)
	}
	if s.Connection != "n.gap.1" || s.Node != "n" || !s.Last || s.Gap == nil || !cmp.Equal(*s.Gap, want) {
		t.Errorf("%+v %+v", s, s.Gap)
	}
	var faults []capture.FaultKind
	a := capture.Assembler{Fault: func(f capture.Fault) { faults = append(faults, f.Kind) }}
	a.Add(&s)
	a.Add(&s)
	if !slices.Equal(faults, []capture.FaultKind{capture.GapMarked, capture.Repeated}) {
		t.Errorf("a gap that is there twice is told as %v", faults)
	}
}

// FuzzDecode: no bytes make the decoder panic or give more than there is; what it takes, and the assembler makes of it, ends.
func FuzzDecode(f *testing.F) {
	e := capture.NewEncoder(capture.Identity{Connection: "c", Node: "n"}, 1<<10, func(r capture.Record) { f.Add(bytes.Clone(r.Value)) })
	e.Read(time.Unix(1, 1), []byte("GET / HTTP/1.1\r\n\r\n"))
	e.EndOfMessage(time.Unix(1, 1), 14, 0)
	e.Write(time.Unix(1, 1), []byte("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"))
	e.Read(time.Unix(1, 1), bytes.Repeat([]byte("x"), 3000))
	e.Dropped(time.Unix(2, 2))
	e.Exception(time.Unix(2, 2), "reset")
	e.Close(time.Unix(2, 2))
	f.Add(capture.EncodeGap("c", capture.Gap{Node: "n"}).Value)
	f.Fuzz(func(t *testing.T, value []byte) {
		var s capture.Stream
		if capture.Decode(value, &s) != nil {
			return
		}
		total := 0
		for _, o := range s.Observations {
			total += len(o.Data)
		}
		if total > len(value) {
			t.Fatalf("%d bytes of data out of %d", total, len(value))
		}
		taken := 0
		a := capture.Assembler{Exchange: func(e *capture.Exchange) { taken += len(e.Request.Raw) }, Fault: func(capture.Fault) {}}
		a.Add(&s)
		a.Add(&s)
		a.End()
		if taken > total {
			t.Fatalf("requests of %d bytes out of %d", taken, total)
		}
	})
}

const twoExchanges = "POST /i/_doc HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}" + "GET /i HTTP/1.1\r\n\r\n"

var twoAnswers = []string{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n0\r\n\r\n"}

// However requests and answers are cut and pipelined, the same exchanges come out; what comes twice counts once.
func TestExchangesAreTheSameHoweverCut(t *testing.T) {
	answers := strings.Join(twoAnswers, "")
	for at := range len(twoExchanges) + 1 {
		for _, back := range []int{0, 1, at % len(answers), len(answers)} {
			var records []capture.Record
			e := capture.NewEncoder(capture.Identity{Connection: "c", Node: "n"}, 1<<10, func(r capture.Record) {
				records = append(records, capture.Record{Key: r.Key, Value: bytes.Clone(r.Value)})
			})
			now := time.Unix(1, 0)
			e.Read(now, []byte(twoExchanges[:at]))
			e.Flush()
			e.Read(now, []byte(twoExchanges[at:]))
			e.Write(now, []byte(answers[:back]))
			e.Flush()
			e.Write(now, []byte(answers[back:]))
			e.Close(now)
			var got []string
			var faults []capture.FaultKind
			a := capture.Assembler{
				Exchange: func(e *capture.Exchange) { got = append(got, string(e.Request.Body)+"|"+string(e.Response.Body)) },
				Fault:    func(f capture.Fault) { faults = append(faults, f.Kind) },
			}
			for i, r := range records {
				var s capture.Stream
				if err := capture.Decode(r.Value, &s); err != nil {
					t.Fatal(err)
				}
				a.Add(&s)
				if i == 0 {
					a.Add(&s)
				}
			}
			if !slices.Equal(got, []string{"{}|abc", "|de"}) || !slices.Equal(faults, []capture.FaultKind{capture.Repeated}) {
				t.Fatalf("cut at %d and %d: %q, faults %v", at, back, got, faults)
			}
		}
	}
}

func TestHolesAreToldAndGoneOver(t *testing.T) {
	var records []capture.Stream
	e := capture.NewEncoder(capture.Identity{Connection: "c", Node: "n"}, 1<<20, func(r capture.Record) {
		var s capture.Stream
		if err := capture.Decode(bytes.Clone(r.Value), &s); err != nil {
			t.Fatal(err)
		}
		records = append(records, s)
	})
	now := time.Unix(1, 0)
	for _, id := range []string{"1", "2", "3", "4"} {
		e.Read(now, []byte("PUT /i/_doc/"+id+" HTTP/1.1\r\nContent-Length: 4\r\n\r\n{}"))
		e.Flush()
		e.Read(now, []byte("  "))
		e.EndOfMessage(now, 1, 1)
		e.Flush()
		e.Write(now, []byte("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"+id))
		e.Flush()
	}
	e.Close(now)
	for _, c := range []struct {
		missing int
		want    string
	}{
		{1, "2:2 3:3 4:4"}, {2, "1:- 2:2 3:3 4:4"}, {3, "1:- 2:2 3:3 4:4"}, {4, "1:1 3:3 4:4"}, {5, "1:1 2:- 3:3 4:4"}, {6, "1:1 2:- 3:3 4:4"},
	} {
		var got []string
		missing := 0
		a := capture.Assembler{
			Exchange: func(e *capture.Exchange) {
				answer := "-"
				if e.Response != nil {
					answer = string(e.Response.Body)
				}
				got = append(got, string(e.Request.Head.Target[len("/i/_doc/"):])+":"+answer)
			},
			Fault: func(f capture.Fault) {
				if f.Kind == capture.Missing {
					missing++
				}
			},
		}
		for i := range records {
			if records[i].Number != c.missing {
				a.Add(&records[i])
			}
		}
		if strings.Join(got, " ") != c.want || missing != 1 {
			t.Errorf("without %d: %q, want %q; %d holes told", c.missing, got, c.want, missing)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	data := make([]byte, 1100)
	e := capture.NewEncoder(capture.Identity{Connection: strings.Repeat("c", 24), Node: strings.Repeat("n", 36)}, 1<<20, func(capture.Record) {})
	e.Use(make([]byte, 0, 16<<10))
	now := time.Unix(1_790_000_000, 123_456_789)
	b.ReportAllocs()
	b.SetBytes(2 * int64(len(data)))
	for b.Loop() {
		e.Read(now, data)
		e.EndOfMessage(now, 20, 200)
		e.Write(now, data)
		if e.Pending() > 8<<10 {
			e.Flush()
		}
	}
}
