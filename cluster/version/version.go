package version

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Version is a product and the three numbers of its release. The zero value is "not known".
type Version struct {
	Flavor Flavor
	Major  int
	Minor  int
	Patch  int
}

// maxPart bounds each number, so that no version overflows an id or a sort key.
const maxPart = 9999

// openSearchMask marks the internal ids of OpenSearch, which took over Elasticsearch's numbering
// (org.opensearch.Version.MASK).
const openSearchMask = 0x08000000

// maxID bounds ids: all of either product are below twice the mask.
const maxID = 2 * openSearchMask

// Parse reads a product and a version as people and the migration tools write them: "ES 7.10.2",
// "OS_2.19.1", "Elasticsearch 7.10", "opensearch 2.19.1", "ES7.10". A missing minor or patch number is
// zero, and so is a trailing "x". A suffix such as "-SNAPSHOT" or "-rc1" is ignored.
func Parse(text string) (Version, error) {
	trimmed := strings.TrimSpace(text)
	split := strings.IndexFunc(trimmed, func(r rune) bool { return r < 'A' || r > 'z' || r == '_' })
	if split < 0 {
		split = len(trimmed)
	}
	flavor, ok := ParseFlavor(trimmed[:split])
	if !ok {
		return Version{}, fmt.Errorf("version %q: want a product and a number, such as \"ES 7.10.2\" or \"OS 2.19.1\"", text)
	}
	version, err := ParseNumber(flavor, strings.TrimLeft(trimmed[split:], " _-"))
	if err != nil {
		return Version{}, fmt.Errorf("version %q: %w", text, err)
	}
	return version, nil
}

// ParseNumber reads the number alone, as a server says it in its main response, and joins it with the
// product that is known from elsewhere.
func ParseNumber(flavor Flavor, number string) (Version, error) {
	release, _, _ := strings.Cut(strings.TrimSpace(number), "-")
	release, _, _ = strings.Cut(release, "+")
	parts := strings.Split(release, ".")
	if len(parts) > 3 {
		return Version{}, fmt.Errorf("number %q has more than three parts", number)
	}
	var numbers [3]int
	for i, part := range parts {
		if i > 0 && i == len(parts)-1 && (part == "x" || part == "X") {
			continue
		}
		n, err := parsePart(part)
		if err != nil {
			return Version{}, fmt.Errorf("number %q: want MAJOR.MINOR.PATCH, such as 7.10.2", number)
		}
		numbers[i] = n
	}
	return Version{Flavor: flavor, Major: numbers[0], Minor: numbers[1], Patch: numbers[2]}, nil
}

func parsePart(part string) (int, error) {
	n, err := strconv.ParseUint(part, 10, 16)
	if err != nil {
		return 0, err
	}
	if n > maxPart {
		return 0, strconv.ErrRange
	}
	return int(n), nil
}

// FromID reads the internal id that indices and snapshots carry (index.version.created, version_id).
//
//	Elasticsearch to 8.10     MMmmrr99 in decimal: 7100299 is 7.10.2
//	OpenSearch                the same, XOR 0x08000000: 136407927 is 2.19.1
//	Elasticsearch from 8.11   an index version, counted apart from releases: 8521000 is 8.17
//
// Several releases share an index version. The first of them is returned; for one that no known release
// wrote, the newest release that is not newer. See [IsIndexVersion].
func FromID(id int64) (Version, error) {
	if id >= maxID {
		return Version{}, fmt.Errorf("version id %d is not the id of a release", id)
	}
	if IsIndexVersion(id) {
		return fromIndexVersion(id), nil
	}
	flavor, plain := Elasticsearch, id
	if id&openSearchMask != 0 {
		flavor, plain = OpenSearch, id^openSearchMask
	}
	version := Version{
		Flavor: flavor,
		Major:  int(plain / 1_000_000),
		Minor:  int(plain / 10_000 % 100),
		Patch:  int(plain / 100 % 100),
	}
	if id <= 0 || version.Major < 1 || version.Major > 99 {
		return Version{}, fmt.Errorf("version id %d is not the id of a release", id)
	}
	return version, nil
}

// IsZero reports whether nothing is known.
func (v Version) IsZero() bool { return v == Version{} }

// AtLeast reports whether the version is major.minor or newer. The flavor is the caller's question:
// ask it first where the two products differ.
func (v Version) AtLeast(major, minor int) bool {
	return v.Major > major || v.Major == major && v.Minor >= minor
}

// Compare orders versions: by flavor, then by number. Versions of two products have no meaningful order;
// the one given here is only stable.
func (v Version) Compare(other Version) int {
	return cmp.Or(
		cmp.Compare(v.Flavor, other.Flavor),
		cmp.Compare(v.Major, other.Major),
		cmp.Compare(v.Minor, other.Minor),
		cmp.Compare(v.Patch, other.Patch),
	)
}

// Number is the version without its product: "7.10.2".
func (v Version) Number() string {
	return strconv.Itoa(v.Major) + "." + strconv.Itoa(v.Minor) + "." + strconv.Itoa(v.Patch)
}

// String is for people: "Elasticsearch 7.10.2". The zero value is "unknown version".
func (v Version) String() string {
	switch {
	case v.IsZero():
		return "unknown version"
	case v.Flavor == Unknown:
		return v.Number()
	}
	return v.Flavor.String() + " " + v.Number()
}

// MarshalText writes the short form that Parse reads, "ES 7.10.2"; the zero value is empty text.
func (v Version) MarshalText() ([]byte, error) {
	switch {
	case v.IsZero():
		return []byte{}, nil
	case v.Flavor == Unknown:
		return nil, fmt.Errorf("version %s has no product", v.Number())
	}
	return []byte(v.Flavor.Short() + " " + v.Number()), nil
}

// UnmarshalText reads what MarshalText wrote, and every form Parse knows.
func (v *Version) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*v = Version{}
		return nil
	}
	parsed, err := Parse(string(text))
	if err != nil {
		return err
	}
	*v = parsed
	return nil
}
