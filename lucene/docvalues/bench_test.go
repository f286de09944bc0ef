package docvalues_test

import "testing"

// BenchmarkColumns reads columns from front to back, one of each kind and way of coding; bytes are those of the values.
func BenchmarkColumns(b *testing.B) {
	for _, folder := range []string{"5.5.5-speed", "8.11.4-compression", "9.0.0-speed"} {
		for _, p := range pairs(b, folder) {
			columns, err := p.open()
			if err != nil {
				b.Fatal(err)
			}
			for i, field := range p.columns {
				switch field.Name {
				case "l_all", "l_mixed", "l_vary", "l_binary", "l_sorted", "l_terms", "l_set", "l_multi":
				default:
					continue
				}
				size := int64(0)
				for _, values := range p.docs[i] {
					for _, value := range values {
						if size += 8; field.Kind.HasTerms() {
							size += int64(len(value)) - 8
						}
					}
				}
				b.Run(folder+"/"+field.Name+"/"+field.Kind.String(), func(b *testing.B) {
					b.SetBytes(size)
					b.ReportAllocs()
					for b.Loop() {
						column, err := columns.Column(field.Number)
						if err != nil {
							b.Fatal(err)
						}
						for doc := range p.owner.MaxDoc {
							if _, err := column.Advance(doc); err != nil {
								b.Fatal(err)
							}
						}
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(p.owner.MaxDoc), "ns/doc")
				})
			}
		}
	}
}
