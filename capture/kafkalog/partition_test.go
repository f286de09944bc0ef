package kafkalog

import "testing"

func TestKeysLandWhereJavaPutsThem(t *testing.T) {
	// Values of the Java client's own test of its hash (UtilsTest.testMurmur2).
	for key, want := range map[string]int32{
		"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536, "a-little-bit-longer-string": -1486304829,
		"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971, "abc": 479470107,
	} {
		if got := int32(murmur2([]byte(key))); got != want {
			t.Errorf("murmur2(%q) = %d, want %d", key, got, want)
		}
		if got, want := partition([]byte(key), 7), int(want&0x7fffffff)%7; got != want {
			t.Errorf("%q is put into partition %d, want %d", key, got, want)
		}
	}
}
