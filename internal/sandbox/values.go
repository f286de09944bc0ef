package sandbox

import (
	"encoding/json"
	"math"
	"math/big"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// notNumeric is the cause for a value that is neither a number nor text.
func notNumeric(v scalar) *problem {
	return invalid("json_parse_exception", "Current token (%s) not numeric, can not use numeric value accessors\n at column: %d", javaToken(v.token), v.column)
}

// checkWhole checks the integer types. Text and decimals are coerced, as by default.
func checkWhole(low, high float64) func(*mapped, scalar) *problem {
	return func(f *mapped, v scalar) *problem {
		if _, isBool := v.token.(bool); isBool {
			return notNumeric(v)
		}
		said := text(v.token)
		_, isText := v.token.(string)
		if said == "" && isText {
			return nil
		}
		value, valid := new(big.Float).SetString(said)
		if !valid {
			return notANumber(f, said)
		}
		whole, _ := value.Int(nil)
		lowest, _ := big.NewFloat(low).Int(nil)
		highest, _ := big.NewFloat(high).Int(nil)
		if high > math.MaxInt32 {
			highest = big.NewInt(math.MaxInt64)
		}
		if whole.Cmp(lowest) < 0 || whole.Cmp(highest) > 0 {
			return outOfRange(f, v, said)
		}
		boxed := strings.ToUpper(f.kind[:1]) + f.kind[1:]
		switch {
		case text(f.params["coerce"]) != "false":
		case isText:
			return illegal("%s value passed as String", boxed)
		case !value.IsInt():
			return illegal("%s cannot be converted to %s without data loss", said, boxed)
		}
		return nil
	}
}

// notANumber is the cause for text that is no number; long parses it another way than the others.
func notANumber(f *mapped, said string) *problem {
	if f.kind == "long" {
		return illegal("For input string: %q", said)
	}
	return invalid("number_format_exception", "For input string: %q", said)
}

func outOfRange(f *mapped, v scalar, said string) *problem {
	_, isText := v.token.(string)
	named := map[string]string{"integer": "int", "long": "long"}[f.kind]
	if named == "" {
		return illegal("Value [%s] is out of range for a %s", said, f.kind)
	}
	if isText && f.kind == "integer" {
		return illegal("Value [%s] is out of range for an integer", said)
	}
	if isText {
		return illegal("Value [%s] is out of range for a %s", said, f.kind)
	}
	return invalid("input_coercion_exception", "Numeric value (%s) out of range of %s\n at column: %d", said, named, v.column)
}

func checkUnsigned(f *mapped, v scalar) *problem {
	if _, isBool := v.token.(bool); isBool {
		return notNumeric(v)
	}
	said := text(v.token)
	value, valid := new(big.Float).SetString(said)
	if !valid {
		return notANumber(f, said)
	}
	if value.Sign() < 0 || value.Cmp(new(big.Float).SetUint64(math.MaxUint64)) > 0 {
		return illegal("Value [%s] is out of range for an unsigned long", said)
	}
	return nil
}

// checkFloat checks the types with a point, whose largest finite value is given.
func checkFloat(largest float64) func(*mapped, scalar) *problem {
	return func(f *mapped, v scalar) *problem {
		if _, isBool := v.token.(bool); isBool {
			return notNumeric(v)
		}
		said := text(v.token)
		if _, isText := v.token.(string); isText && said == "" {
			return nil
		}
		value, err := strconv.ParseFloat(said, 64)
		if err != nil && !math.IsInf(value, 0) {
			return invalid("number_format_exception", "For input string: %q", said)
		}
		if math.IsNaN(value) || math.Abs(value) > largest {
			return illegal("[%s] supports only finite values, but got [%s]", f.kind, infinite(value))
		}
		return nil
	}
}

// infinite is how Java shows a number that its type cannot hold.
func infinite(value float64) string {
	switch {
	case math.IsNaN(value):
		return "NaN"
	case value < 0:
		return "-Infinity"
	}
	return "Infinity"
}

func checkBoolean(_ *mapped, v scalar) *problem {
	switch token := v.token.(type) {
	case bool:
		return nil
	case string:
		if token == "true" || token == "false" || token == "" {
			return nil
		}
		return illegal("Failed to parse value [%s] as only [true] or [false] are allowed.", token)
	}
	return invalid("json_parse_exception", "Current token (%s) not of boolean type\n at column: %d", javaToken(v.token), v.column)
}

func checkIP(_ *mapped, v scalar) *problem {
	if _, err := netip.ParseAddr(text(v.token)); err != nil {
		return illegal("'%s' is not an IP string literal.", text(v.token))
	}
	return nil
}

const defaultDateFormat = "strict_date_optional_time||epoch_millis"

// checkDate checks against the formats that are known here; a pattern of one's own takes anything.
func checkDate(f *mapped, v scalar) *problem {
	format := defaultDateFormat
	if f.params["format"] != nil {
		format = text(f.params["format"])
	}
	said := text(v.token)
	for one := range strings.SplitSeq(format, "||") {
		check, known := dateFormats[strings.TrimPrefix(one, "strict_")]
		if !known || check(said) {
			return nil
		}
	}
	p := illegal("failed to parse date field [%s] with format [%s]", said, format)
	if strings.Contains(format, "||") {
		return p.because(invalid("date_time_parse_exception", "Failed to parse with all enclosed parsers"))
	}
	return p.because(invalid("date_time_parse_exception", "date_time_parse_exception: Failed to parse with all enclosed parsers"))
}

var (
	epochNumber = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)
	optionalISO = regexp.MustCompile(`^([0-9]{4})(-[0-9]{2})?(-[0-9]{2})?(T([0-9]{2}(:[0-9]{2}(:[0-9]{2}([.,][0-9]{1,9})?)?)?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?)?$`)
)

// dateFormats are the named formats that are checked, without "strict_".
var dateFormats = map[string]func(string) bool{
	"date_optional_time": isOptionalISO,
	"epoch_millis":       epochNumber.MatchString,
	"epoch_second":       epochNumber.MatchString,
	"date":               func(said string) bool { return parses(said, time.DateOnly) },
	"date_time":          func(said string) bool { return strings.Contains(said, ".") && parses(said, time.RFC3339Nano) },
	"date_time_no_millis": func(said string) bool {
		return !strings.Contains(said, ".") && parses(said, time.RFC3339)
	},
	"basic_date": func(said string) bool { return parses(said, "20060102") },
}

func parses(said string, layouts ...string) bool {
	return slices.ContainsFunc(layouts, func(layout string) bool {
		_, err := time.Parse(layout, said)
		return err == nil
	})
}

// isOptionalISO accepts 2020, 2020-01, 2020-01-01 and the last one with a time, if the day exists.
func isOptionalISO(said string) bool {
	parts := optionalISO.FindStringSubmatch(said)
	if parts == nil {
		return false
	}
	day, clock := parts[1]+parts[2]+parts[3], strings.ReplaceAll(parts[5], ",", ".")
	if parts[4] != "" && parts[3] == "" {
		return false
	}
	if !parses(day, "2006", "2006-01", time.DateOnly) {
		return false
	}
	return clock == "" || parses(clock, "15", "15:04", "15:04:05", "15:04:05.999999999")
}

// looksLikeDate is what date detection goes by.
func looksLikeDate(said string) bool {
	if _, err := json.Number(said).Float64(); err == nil {
		return false
	}
	return isOptionalISO(said) || parses(said, "2006/01/02", "2006/01/02 15:04:05", "2006/01/02 15:04:05 Z0700", "2006/01/02 Z0700")
}
