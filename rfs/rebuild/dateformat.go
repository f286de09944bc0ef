package rebuild

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// namedDates maps the names of date formats, without "strict_", to what they print, in the letters of dateParts. Made
// from what a server of Elasticsearch 8.19.0 printed for each name (testdata/dates-elasticsearch-8.19.0.json).
var namedDates = map[string]string{
	"basic_date":                        "PMMdd",
	"basic_date_time":                   "PMMdd'T'HHmmss.SSS'Z'",
	"basic_date_time_no_millis":         "PMMdd'T'HHmmss'Z'",
	"basic_ordinal_date":                "uuuuDDD",
	"basic_ordinal_date_time":           "yyyyDDD'T'HHmmss.SSS'Z'",
	"basic_ordinal_date_time_no_millis": "uuuuDDD'T'HHmmss'Z'",
	"basic_time":                        "HHmmss.SSS'Z'",
	"basic_time_no_millis":              "HHmmss'Z'",
	"basic_t_time":                      "'T'HHmmss.SSS'Z'",
	"basic_t_time_no_millis":            "'T'HHmmss'Z'",
	"basic_week_date":                   "R'W'Ii",
	"basic_week_date_time":              "R'W'Ii'T'HHmmss.SSS'Z'",
	"basic_week_date_time_no_millis":    "R'W'Ii'T'HHmmss'Z'",
	"date":                              "uuuu-MM-dd",
	"date_hour":                         "uuuu-MM-dd'T'HH",
	"date_hour_minute":                  "uuuu-MM-dd'T'HH:mm",
	"date_hour_minute_second":           "uuuu-MM-dd'T'HH:mm:ss",
	"date_hour_minute_second_fraction":  "uuuu-MM-dd'T'HH:mm:ssf",
	"date_hour_minute_second_millis":    "uuuu-MM-dd'T'HH:mm:ss.SSS",
	"date_optional_time":                "uuuu-MM-dd'T'HH:mm:ss.SSS'Z'",
	"date_optional_time_nanos":          "uuuu-MM-dd'T'HH:mm:ssf'Z'",
	"date_time":                         "uuuu-MM-dd'T'HH:mm:ss.SSS'Z'",
	"date_time_no_millis":               "uuuu-MM-dd'T'HH:mm:ss'Z'",
	"hour":                              "HH",
	"hour_minute":                       "HH:mm",
	"hour_minute_second":                "HH:mm:ss",
	"hour_minute_second_fraction":       "HH:mm:ssf",
	"hour_minute_second_millis":         "HH:mm:ss.SSS",
	"ordinal_date":                      "uuuu-DDD",
	"ordinal_date_time":                 "uuuu-DDD'T'HH:mm:ss.SSS'Z'",
	"ordinal_date_time_no_millis":       "uuuu-DDD'T'HH:mm:ss'Z'",
	"time":                              "HH:mm:ss.SSS'Z'",
	"time_no_millis":                    "HH:mm:ss'Z'",
	"t_time":                            "'T'HH:mm:ss.SSS'Z'",
	"t_time_no_millis":                  "'T'HH:mm:ss'Z'",
	"week_date":                         "R-'W'I-i",
	"week_date_time":                    "R-'W'I-i'T'HH:mm:ss.SSS'Z'",
	"week_date_time_no_millis":          "R-'W'I-i'T'HH:mm:ss'Z'",
	"weekyear":                          "o",
	"weekyear_week":                     "R-'W'I",
	"weekyear_week_day":                 "R-'W'I-i",
	"week_year":                         "o",
	"year":                              "u",
	"year_month":                        "uuuu-MM",
	"year_month_day":                    "uuuu-MM-dd",
	"epoch_millis":                      "q",
	"epoch_second":                      "g",
}

// strictDates are the names that print otherwise with "strict_" before them.
var strictDates = map[string]string{"weekyear": "R", "year": "uuuu"}

// isoDate is what prints where a format is not known.
const isoDate = "strict_date_optional_time"

// dateFormat prints instants in UTC as one of the formats of a mapping does.
type dateFormat struct{ parts []datePart }

// datePart is a literal, or a letter so often repeated.
type datePart struct {
	literal string
	letter  byte
	width   int
}

// compileDate prepares the first of the formats of a mapping, which is the one that servers print by: a name
// ("epoch_millis"), or a pattern in the letters of java.time, or of Joda where the index is older than 7.
func compileDate(format string, joda bool) (dateFormat, error) {
	first, _, _ := strings.Cut(format, "||")
	if custom, ok := strings.CutPrefix(first, "8"); ok {
		first, joda = custom, false
	}
	if pattern, ok := namedDate(first); ok {
		parts, err := splitDate(pattern)
		return dateFormat{parts}, err
	}
	known := dateLetters
	if joda {
		known = jodaLetters
	}
	parts, err := splitDate(first)
	if err != nil {
		return dateFormat{}, err
	}
	for i, part := range parts {
		if part.letter == 0 {
			quoted := appendString(nil, []byte(part.literal))
			parts[i].literal = string(quoted[1 : len(quoted)-1])
			continue
		}
		to, ok := known[part.letter]
		if !ok {
			return dateFormat{}, fmt.Errorf("letter %q of the date format %q is not known here", part.letter, first)
		}
		parts[i].letter = to
	}
	return dateFormat{parts}, nil
}

// namedDate looks a name up, in the spellings of all versions ("dateOptionalTime" until 7).
func namedDate(name string) (string, bool) {
	name = snakeCase(name)
	bare, strict := strings.CutPrefix(name, "strict_")
	if pattern, ok := strictDates[bare]; ok && strict {
		return pattern, true
	}
	pattern, ok := namedDates[bare]
	return pattern, ok
}

func snakeCase(name string) string {
	var snake []byte
	for i := range len(name) {
		if b := name[i]; b >= 'A' && b <= 'Z' {
			snake = append(snake, '_', b+'a'-'A')
		} else {
			snake = append(snake, b)
		}
	}
	return string(snake)
}

// dateLetters are the letters of a java.time pattern that a server prints the same whatever its locale is among
// the English ones, and what they are here. Weeks by locale (Y w W e c) are not among them.
var dateLetters = map[byte]byte{
	'G': 'G', 'u': 'u', 'y': 'y', 'M': 'M', 'L': 'M', 'd': 'd', 'D': 'D', 'E': 'E', 'a': 'a', 'h': 'h', 'K': 'K', 'k': 'k',
	'H': 'H', 'm': 'm', 's': 's', 'S': 'S', 'A': 'A', 'n': 'n', 'N': 'N', 'X': 'X', 'x': 'x', 'Z': 'Z', 'V': 'X', 'z': 'X',
}

// jodaLetters are those of a Joda pattern: Y is the year of the era, x the year of ISO weeks, Z an offset.
var jodaLetters = map[byte]byte{
	'G': 'G', 'Y': 'y', 'y': 'j', 'x': 'R', 'w': 'w', 'e': 'i', 'E': 'E', 'D': 'D', 'M': 'M', 'd': 'd', 'a': 'a', 'K': 'K', 'h': 'h',
	'H': 'H', 'k': 'k', 'm': 'm', 's': 's', 'S': 'S', 'Z': 'J',
}

// splitDate cuts a pattern into literals and runs of letters. Optional parts, in brackets, always print.
func splitDate(pattern string) ([]datePart, error) {
	var parts []datePart
	literal := func(s string) {
		if n := len(parts); n > 0 && parts[n-1].letter == 0 {
			parts[n-1].literal += s
			return
		}
		parts = append(parts, datePart{literal: s})
	}
	for i := 0; i < len(pattern); i++ {
		switch b := pattern[i]; {
		case b == '\'':
			text, n, err := quoted(pattern[i:])
			if err != nil {
				return nil, err
			}
			literal(text)
			i += n - 1
		case b == '[' || b == ']':
		case b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z':
			width := 1
			for i+1 < len(pattern) && pattern[i+1] == b {
				width++
				i++
			}
			parts = append(parts, datePart{letter: b, width: width})
		default:
			literal(string(b))
		}
	}
	return parts, nil
}

// quoted reads 'text' at the beginning of s and its length; two quotes are one.
func quoted(s string) (text string, n int, err error) {
	if strings.HasPrefix(s, "''") {
		return "'", 2, nil
	}
	for i := 1; i < len(s); i++ {
		if s[i] != '\'' {
			text += string(s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == '\'' {
			text += "'"
			i++
			continue
		}
		return text, i + 1, nil
	}
	return "", 0, fmt.Errorf("a quote of the date format is not closed: %s", s)
}

// tells says whether the printed text gives the instant in full.
func (f dateFormat) tells(seconds, nanos int64) bool {
	var has [128]bool
	for _, part := range f.parts {
		has[part.letter&0x7f] = true
		if part.letter == 'S' && nanos%int64(pow10(9-min(part.width, 9))) == 0 {
			has['f'] = true
		}
	}
	t := time.Unix(seconds, nanos).UTC()
	switch {
	case has['q'], has['g']:
		return true
	case !has['u'] && !has['y'] && !has['P'] && !has['R'] && !has['j']:
		return false
	case !has['d'] && !has['D'] && !has['i'] && t.Day() != 1, !has['d'] && !has['D'] && !has['i'] && !has['M'] && t.YearDay() != 1:
		return false
	}
	hours := has['H'] || has['k'] || (has['h'] || has['K']) && has['a']
	return (hours || t.Hour() == 0) && (has['m'] || t.Minute() == 0) && (has['s'] || t.Second() == 0) && (has['f'] || has['n'] || nanos == 0)
}

// append prints seconds and nanoseconds since 1970 as the inside of a JSON string.
func (f dateFormat) append(dst []byte, seconds, nanos int64) []byte {
	t := time.Unix(seconds, nanos).UTC()
	for _, part := range f.parts {
		if part.letter == 0 {
			dst = append(dst, part.literal...)
			continue
		}
		dst = part.append(dst, t)
	}
	return dst
}

func (p datePart) append(dst []byte, t time.Time) []byte {
	switch p.letter {
	case 'u', 'P', 'j':
		return p.appendYear(dst, t.Year())
	case 'y':
		return p.appendYear(dst, eraYear(t.Year()))
	case 'R', 'o', 'I', 'w', 'i':
		return p.appendWeek(dst, t)
	case 'G', 'M', 'd', 'D', 'E':
		return p.appendDay(dst, t)
	case 'X', 'x', 'Z', 'J':
		return append(dst, p.offset()...)
	case 'q', 'g':
		return p.appendEpoch(dst, t)
	default:
		return p.appendTime(dst, t)
	}
}

// eraYear counts years before the first as 1 BC, 2 BC.
func eraYear(year int) int {
	if year <= 0 {
		return 1 - year
	}
	return year
}

// appendYear: two letters are the last two digits; four or more print a sign where the year has more digits.
func (p datePart) appendYear(dst []byte, year int) []byte {
	switch {
	case p.letter == 'P':
		return appendPadded(dst, year, 4)
	case p.width == 2:
		return appendPadded(dst, max(year, -year)%100, 2)
	case p.letter == 'j':
		return appendPadded(dst, year, p.width)
	case p.width >= 4 && year >= pow10(p.width):
		dst = append(dst, '+')
	}
	return appendPadded(dst, year, p.width)
}

func pow10(n int) int {
	p := 1
	for range min(n, 18) {
		p *= 10
	}
	return p
}

// appendPadded prints n with at least width digits, a minus before them.
func appendPadded(dst []byte, n, width int) []byte {
	if n < 0 {
		dst, n = append(dst, '-'), -n
	}
	var digits [20]byte
	text := strconv.AppendInt(digits[:0], int64(n), 10)
	for range width - len(text) {
		dst = append(dst, '0')
	}
	return append(dst, text...)
}

func (p datePart) appendWeek(dst []byte, t time.Time) []byte {
	year, week := t.ISOWeek()
	switch p.letter {
	case 'R':
		return appendPadded(dst, year, 4)
	case 'o':
		return appendPadded(dst, year, 1)
	case 'I':
		return appendPadded(dst, week, 2)
	case 'w':
		return appendPadded(dst, week, p.width)
	default:
		return appendPadded(dst, (int(t.Weekday())+6)%7+1, p.width)
	}
}

func (p datePart) appendDay(dst []byte, t time.Time) []byte {
	switch p.letter {
	case 'G':
		if t.Year() <= 0 {
			return append(dst, "BC"...)
		}
		return append(dst, "AD"...)
	case 'M':
		if p.width > 2 {
			return append(dst, p.text(t.Month().String())...)
		}
		return appendPadded(dst, int(t.Month()), p.width)
	case 'E':
		return append(dst, p.text(t.Weekday().String())...)
	case 'D':
		return appendPadded(dst, t.YearDay(), p.width)
	default:
		return appendPadded(dst, t.Day(), p.width)
	}
}

// text is a name in full from four letters on, its first letter at five, and three letters before.
func (p datePart) text(name string) string {
	switch {
	case p.width == 4:
		return name
	case p.width > 4:
		return name[:1]
	default:
		return name[:3]
	}
}

// offset is that of UTC.
func (p datePart) offset() string {
	switch {
	case p.letter == 'X', p.letter == 'Z' && p.width == 5:
		return "Z"
	case p.letter == 'Z' && p.width == 4:
		return "GMT"
	case p.letter == 'x' && p.width == 1:
		return "+00"
	case p.letter == 'x' && (p.width == 3 || p.width == 5), p.letter == 'J' && p.width == 2:
		return "+00:00"
	case p.letter == 'J' && p.width > 2:
		return "UTC"
	default:
		return "+0000"
	}
}

// appendEpoch prints milliseconds, or seconds with what is below them.
func (p datePart) appendEpoch(dst []byte, t time.Time) []byte {
	unit, digits := int64(time.Millisecond), 6
	seconds, nanos := t.Unix(), int64(t.Nanosecond())
	if p.letter == 'g' {
		unit, digits = int64(time.Second), 9
	}
	if seconds < 0 && nanos > 0 {
		seconds, nanos = seconds+1, nanos-int64(time.Second)
	}
	perSecond := int64(time.Second) / unit
	whole, rest := seconds*perSecond+nanos/unit, nanos%unit
	if whole == 0 && rest < 0 {
		dst = append(dst, '-')
	}
	dst = strconv.AppendInt(dst, whole, 10)
	if rest == 0 {
		return dst
	}
	dst = append(dst, '.')
	dst = appendPadded(dst, int(max(rest, -rest)), digits)
	return trimZeros(dst)
}

func trimZeros(dst []byte) []byte {
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

func (p datePart) appendTime(dst []byte, t time.Time) []byte {
	midnight := time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second + time.Duration(t.Nanosecond())
	switch p.letter {
	case 'a':
		if t.Hour() < 12 {
			return append(dst, "AM"...)
		}
		return append(dst, "PM"...)
	case 'S':
		dst = appendPadded(dst, t.Nanosecond(), 9)
		return append(dst[:len(dst)-9+min(p.width, 9)], zeros(p.width-9)...)
	case 'f':
		dst = append(dst, '.')
		dst = appendPadded(dst, t.Nanosecond(), 9)
		for range 6 {
			if dst[len(dst)-1] != '0' {
				break
			}
			dst = dst[:len(dst)-1]
		}
		return dst
	case 'A':
		return appendPadded(dst, int(midnight.Milliseconds()), p.width)
	case 'N':
		return appendPadded(dst, int(midnight), p.width)
	}
	return appendPadded(dst, p.clock(t), p.width)
}

func zeros(n int) string { return strings.Repeat("0", max(n, 0)) }

func (p datePart) clock(t time.Time) int {
	switch p.letter {
	case 'H':
		return t.Hour()
	case 'k':
		return (t.Hour()+23)%24 + 1
	case 'K':
		return t.Hour() % 12
	case 'h':
		return (t.Hour()+11)%12 + 1
	case 'm':
		return t.Minute()
	case 's':
		return t.Second()
	default:
		return t.Nanosecond()
	}
}

// floorDiv and floorMod divide so that the rest is never negative.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func floorMod(a, b int64) int64 { return a - floorDiv(a, b)*b }
