package config

import "strings"

// maxWord bounds the words that Closest looks at; nobody mistypes longer ones.
const maxWord = 64

// Closest is the candidate a mistyped word was probably meant to be, or "". Case
// and the kind of word separator do not count, so that repoUri finds repo-uri.
func Closest(word string, candidates []string) string {
	if len(word) > maxWord {
		return ""
	}
	best, bestDistance := "", 1+max(1, len(word)/4)
	for _, candidate := range candidates {
		if d := distance(plain(word), plain(candidate)); d < bestDistance {
			best, bestDistance = candidate, d
		}
	}
	return best
}

func plain(word string) string {
	return strings.ToLower(strings.NewReplacer("-", "", "_", "", ".", "").Replace(word))
}

// distance counts the edits from a to b: insertions, deletions, replacements and
// swaps of neighbours (optimal string alignment).
func distance(a, b string) int {
	before, previous := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := 1; i <= len(a); i++ {
		current := make([]int, len(b)+1)
		current[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			current[j] = min(previous[j]+1, current[j-1]+1, previous[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				current[j] = min(current[j], before[j-2]+1)
			}
		}
		before, previous = previous, current
	}
	return previous[len(b)]
}
