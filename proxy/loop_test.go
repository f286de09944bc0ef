package proxy

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

// Clients and an upstream that stall and go on, with bodies larger than all buffers: every byte arrives, and nobody waits for ever.
func TestSlowSidesLoseNothing(t *testing.T) {
	for _, group := range []bool{true, false} {
		t.Run(fmt.Sprintf("group=%v", group), func(t *testing.T) {
			r := newRig(t, func(o *Options) { o.Async = !group })
			playing(t, r, func(w http.ResponseWriter, request *http.Request) {
				body := make([]byte, 0, request.ContentLength)
				part := make([]byte, 100_000)
				for {
					n, err := request.Body.Read(part)
					body = append(body, part[:n]...)
					if err != nil {
						break
					}
					if mathrand.IntN(20) == 0 {
						<-time.After(time.Millisecond)
					}
				}
				w.Header().Set("Content-Length", fmt.Sprint(len(body)))
				for len(body) > 0 {
					n := min(len(body), 1+mathrand.IntN(300_000))
					_, _ = w.Write(body[:n])
					body = body[n:]
				}
			})
			var clients sync.WaitGroup
			for range 12 {
				clients.Go(func() { talk(t, r.address) })
			}
			clients.Wait()
		})
	}
}

// talk sends requests of all sizes over one connection, some of them before the answer to the last one is read.
func talk(t *testing.T, address string) {
	c, err := new(net.Dialer).DialContext(context.Background(), "tcp", address)
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(60 * time.Second))
	const most = 1 << 20
	sums := make(chan [sha256.Size]byte, 4)
	go func() {
		defer close(sums)
		for n := range 25 {
			body := make([]byte, mathrand.IntN([]int{1, 2000, 20_000, most}[n%4])+1)
			_, _ = rand.Read(body)
			method := []string{"PUT", "GET"}[mathrand.IntN(2)]
			if _, err := fmt.Fprintf(c, "%s /a HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", method, len(body), body); err != nil {
				t.Error(err)
				return
			}
			sums <- sha256.Sum256(body)
		}
	}()
	in := bufio.NewReaderSize(c, 64<<10)
	for sum := range sums {
		answer, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Error(err)
			return
		}
		if mathrand.IntN(3) == 0 {
			<-time.After(time.Duration(mathrand.IntN(5)) * time.Millisecond)
		}
		var got bytes.Buffer
		if _, err := io.Copy(&got, answer.Body); err != nil {
			t.Error(err)
			return
		}
		if sha256.Sum256(got.Bytes()) != sum {
			t.Errorf("%d other bytes came back", got.Len())
			return
		}
	}
}
