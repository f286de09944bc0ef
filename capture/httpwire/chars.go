package httpwire

// tokenChars are those of names and methods (RFC 9110, section 5.6.2).
var tokenChars = func() (table [256]bool) {
	for c := '0'; c <= '9'; c++ {
		table[c] = true
	}
	for c := 'a'; c <= 'z'; c++ {
		table[c], table[c-'a'+'A'] = true, true
	}
	for _, c := range []byte("!#$%&'*+-.^_`|~") {
		table[c] = true
	}
	return table
}()

func isToken(p []byte) bool {
	for _, c := range p {
		if !tokenChars[c] {
			return false
		}
	}
	return len(p) > 0
}

// isTarget wants bytes that are no blanks and no controls.
func isTarget(p []byte) bool {
	for _, c := range p {
		if c <= ' ' || c == 0x7f {
			return false
		}
	}
	return len(p) > 0
}

// isValue wants no controls but tabs.
func isValue(p []byte) bool {
	for _, c := range p {
		if c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
