package corpus

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// vocabulary is how many words there are, and how many phrases made of them.
const vocabulary = 6000

// Writer makes documents. It is for one goroutine.
type Writer struct {
	words   []string
	phrases []string
	random  *rand.Rand
	source  *rand.PCG
	zipf    *rand.Zipf
}

// NewWriter returns a Writer.
func NewWriter() *Writer {
	w := &Writer{source: rand.NewPCG(1, 1)}
	w.random = rand.New(w.source)
	w.zipf = rand.NewZipf(w.random, 1.1, 4, vocabulary-1)
	syllables := []string{
		"ba", "con", "der", "el", "fi", "gra", "ho", "in", "ju", "ka", "lo", "men", "nor", "ol", "per", "qui", "ra", "ser", "ti", "un", "ver", "wa", "xen", "yo", "zu",
	}
	for range vocabulary {
		var word strings.Builder
		for range 1 + w.random.IntN(4) {
			word.WriteString(syllables[w.random.IntN(len(syllables))])
		}
		w.words = append(w.words, word.String())
	}
	for range vocabulary {
		phrase := make([]string, 2+w.random.IntN(5))
		for i := range phrase {
			phrase[i] = w.word()
		}
		w.phrases = append(w.phrases, strings.Join(phrase, " "))
	}
	return w
}

// Append appends document number n, of about size bytes (within an eighth), to b.
func (w *Writer) Append(b []byte, n, size int) []byte {
	w.source.Seed(uint64(n), 0x6d69)
	start := len(b)
	size += w.random.IntN(size/4+1) - size/8
	r := w.random
	at := time.UnixMilli(1_600_000_000_000 + int64(n)*37 + int64(r.IntN(1000))).UTC()
	b = append(b, `{"@timestamp":"`...)
	b = at.AppendFormat(b, "2006-01-02T15:04:05.000Z07:00")
	b = number(append(b, `","n":`...), n)
	b = number(append(b, `,"host":"web-`...), r.IntN(40))
	b = number(append(b, `","client":"10.`...), r.IntN(256))
	b = number(append(b, '.'), r.IntN(256))
	b = number(append(b, '.'), r.IntN(256))
	b = append(b, `","method":"`...)
	b = append(b, []string{"GET", "GET", "GET", "POST", "PUT", "DELETE"}[r.IntN(6)]...)
	b = append(b, `","path":"/`...)
	for range 1 + r.IntN(3) {
		b = append(append(b, w.word()...), '/')
	}
	b = number(b, r.IntN(100_000))
	b = number(append(b, `","status":`...), []int{200, 200, 200, 201, 204, 302, 400, 404, 500}[r.IntN(9)])
	b = number(append(b, `,"bytes":`...), r.IntN(1<<18))
	b = strconv.AppendFloat(append(b, `,"took":`...), float64(r.IntN(1_000_000))/1000, 'f', 3, 64)
	b = strconv.AppendUint(append(b, `,"trace":"`...), r.Uint64()|1<<63, 16)
	b = append(b, `","tags":["`...)
	b = append(append(append(b, w.word()...), `","`...), w.word()...)
	b = append(b, `"],"message":"`...)
	end := max(start+size-len(`"}`), len(b)) // a size below that of the other fields leaves no message
	for len(b) < end {
		b = append(append(b, w.phrases[w.zipf.Uint64()]...), ' ')
	}
	return append(b[:end], `"}`...)
}

func (w *Writer) word() string { return w.words[w.zipf.Uint64()] }

func number(b []byte, n int) []byte { return strconv.AppendInt(b, int64(n), 10) }
