package corpus

import (
	"fmt"
	"strings"
)

// ancient are indices that only old servers can make: several types in one, parents by
// metadata, stamps and compression of their own.
func ancient() []index {
	return []index{
		{
			name: "types", in: elasticsearch(1, 6), typed: true,
			body: settings(2, "", `"mappings":{"user":{"properties":{"name":{"type":"keyword"}}},"order":{"properties":{"n":{"type":"integer"}}}}`),
			load: func(l *loader) {
				for i := range 12 {
					l.of("user", "")
					l.put(fmt.Sprint("u", i), "", fmt.Sprintf(`{"name":%q}`, sentence(l.random, 2)))
					l.of("order", "")
					l.put(fmt.Sprint("o#", i), "", fmt.Sprintf(`{"n":%d}`, i))
				}
				l.flush()
			},
			change: func(l *loader) {
				l.of("order", "")
				l.delete("o#3", "")
				l.put("o#4", "", `{"n":4,"updated":true}`)
			},
		},
		{
			name: "same-ids", in: elasticsearch(1, 6), typed: true,
			body: settings(1, "", `"mappings":{"user":{},"order":{}}`),
			load: func(l *loader) {
				for i := range 6 {
					l.of("user", "")
					l.put(fmt.Sprint(i), "", fmt.Sprintf(`{"user":%d}`, i))
					l.of("order", "")
					l.put(fmt.Sprint(i), "", fmt.Sprintf(`{"order":%d}`, i))
				}
				l.of("user", "")
				l.delete("2", "")
			},
		},
		{
			name: "family", in: elasticsearch(1, 6), typed: true,
			body: settings(2, "", `"mappings":{"parent":{},"child":{"_parent":{"type":"parent"}}}`),
			load: family,
		},
		{
			name: "stamped", in: elasticsearch(1, 3),
			body: settings(1, "", `"mappings":{"_timestamp":{"enabled":true},"_ttl":{"enabled":true,"default":"9000d"}}`),
			load: inSegments(1, 10),
		},
		{
			name: "compressed", in: elasticsearch(1, 2),
			body: settings(1, "", `"mappings":{"_source":{"compress":true,"compress_threshold":"200b"},"dynamic":false}`),
			load: func(l *loader) {
				for i := range 30 {
					l.put(fmt.Sprint(i), "", fmt.Sprintf(`{"n":%d,"text":%q}`, i, strings.Repeat(sentence(l.random, 2), i)))
				}
				l.put("long", "", fmt.Sprintf(`{"text":%q}`, sentence(l.random, 12_000))) // more than one block of LZF
			},
		},
	}
}

// family writes children with and without a routing of their own.
func family(l *loader) {
	for i := range 5 {
		l.of("parent", "")
		l.put(fmt.Sprint("p", i), "", fmt.Sprintf(`{"n":%d}`, i))
		l.of("child", fmt.Sprint("p", i))
		l.put(fmt.Sprint("c", i), "", fmt.Sprintf(`{"n":%d}`, i))
		l.put(fmt.Sprint("routed-c", i), "elsewhere", fmt.Sprintf(`{"n":%d}`, i))
	}
}
