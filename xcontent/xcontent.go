package xcontent

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/klauspost/compress/flate"

	"migassist/cluster/version"
	"migassist/xcontent/cbor"
	"migassist/xcontent/lzf"
	"migassist/xcontent/smile"
	"migassist/xcontent/yaml"
)

// Format is how a value is kept, as its first bytes tell.
type Format string

// The formats.
const (
	JSON    Format = "JSON"
	SMILE   Format = "SMILE"
	CBOR    Format = "CBOR"
	YAML    Format = "YAML"
	LZF     Format = "LZF"     // of a value in one of the formats above
	DEFLATE Format = "DEFLATE" // the same
	Unknown Format = "unknown"
)

// deflated begins what Elasticsearch 2 and later compress; raw DEFLATE follows.
const deflated = "DFL\x00"

const (
	byteOrderMark = "\xEF\xBB\xBF"
	whitespace    = " \t\r\n"
)

// Sniff tells the format of a value by its first bytes, as XContentFactory.xContentType of Elasticsearch does. Text without
// the three dashes that servers want of YAML is YAML too. An empty value is JSON.
func Sniff(raw []byte) Format {
	trimmed := bytes.TrimLeft(bytes.TrimPrefix(raw, []byte(byteOrderMark)), whitespace)
	switch {
	case len(trimmed) == 0, bytes.IndexByte([]byte("{[/"), trimmed[0]) >= 0: // a comment begins with a slash
		return JSON
	case smile.Is(raw):
		return SMILE
	case yaml.Is(raw):
		return YAML
	case cbor.Is(raw):
		return CBOR
	case lzf.Is(raw):
		return LZF
	case bytes.HasPrefix(raw, []byte(deflated)):
		return DEFLATE
	case isText(raw):
		return YAML
	}
	return Unknown
}

func isText(raw []byte) bool {
	return utf8.Valid(raw) && bytes.IndexFunc(raw, func(r rune) bool { return r < ' ' && r != '\t' && r != '\n' && r != '\r' }) < 0
}

// Converter turns values into JSON as one release of the servers understands them. The zero value is of Elasticsearch 1.
type Converter struct {
	YAML yaml.Dialect
	// Limit bounds what a value becomes, decompressed and as JSON, in bytes; 0 is 256 MiB. JSON that lies there as such is
	// not bounded.
	Limit int
}

const defaultLimit = 256 << 20

// Latest is how the releases of today understand values.
var Latest = Converter{YAML: yaml.Jackson212}

// For returns the converter of a release; of an unknown one, the latest.
func For(release version.Version) Converter {
	c := Latest
	switch {
	case release.IsZero() || release.Flavor == version.OpenSearch:
	case release.Major < 2:
		c.YAML = yaml.Jackson25
	case release.Major < 7:
		c.YAML = yaml.Jackson28
	case !release.AtLeast(7, 17) || release.Major == 8 && release.Minor < 2:
		c.YAML = yaml.Jackson210
	}
	return c
}

// AppendJSON is [Converter.AppendJSON] of the [Latest].
func AppendJSON(dst, raw []byte) ([]byte, error) { return Latest.AppendJSON(dst, raw) }

// errFormat is the error for bytes that are in no format.
var errFormat = errors.New("it is neither JSON, SMILE, CBOR nor YAML")

// AppendJSON appends the JSON of a value to dst: for JSON its own bytes. Errors name the format and what is wrong in it; dst
// then comes back as it was.
func (c Converter) AppendJSON(dst, raw []byte) ([]byte, error) {
	format := Sniff(raw)
	switch format {
	case LZF, DEFLATE:
		plain, err := c.decompress(format, raw)
		if err != nil {
			return dst, fmt.Errorf("decompress %s: %w", format, err)
		}
		if inner := Sniff(plain); inner == LZF || inner == DEFLATE {
			return dst, fmt.Errorf("it is %s in %s", inner, format)
		}
		return c.AppendJSON(dst, plain)
	case JSON:
		return append(dst, raw...), nil
	case SMILE:
		return smile.AppendJSON(dst, raw, c.limit())
	case CBOR:
		return cbor.AppendJSON(dst, raw, c.limit())
	case YAML:
		return yaml.AppendJSON(dst, raw, c.YAML)
	default:
		return dst, fmt.Errorf("%w: it begins with % x", errFormat, raw[:min(len(raw), 8)])
	}
}

func (c Converter) limit() int {
	if c.Limit <= 0 {
		return defaultLimit
	}
	return c.Limit
}

func (c Converter) decompress(format Format, raw []byte) ([]byte, error) {
	limit := c.limit()
	if format == LZF {
		return lzf.Decode(nil, raw, limit)
	}
	r := flate.NewReader(bytes.NewReader(raw[len(deflated):]))
	plain, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if err == nil && len(plain) > limit {
		err = fmt.Errorf("more than %d bytes", limit)
	}
	return plain, err
}
