package survey

import (
	"math"
	"slices"
)

// z95 is the standard normal's quantile of a two-sided interval of 95 %.
const z95 = 1.959963984540054

// priorAnswers is how many answers at the workshop's mean a shrunken score is
// given beside its own: three lucky answers make nobody the best.
const priorAnswers = 20

// Thresholds below which figures would say more about chance, or about one
// customer, than about anybody's work.
const (
	RankedFrom   = 10 // answers from which a row takes a place among others
	CommentsFrom = 5  // answers from which comments are shown to more than the advisor's own manager
)

// Wilson gives the 95 % score interval of a share of k among n (E. B. Wilson,
// 1927: "Probable inference, the law of succession, and statistical inference"):
// sound for few answers and near 0 and 1. Without answers it is all there is.
func Wilson(k, n int) (low, high float64) {
	if n <= 0 {
		return 0, 1
	}
	p, m, z := float64(k)/float64(n), float64(n), z95*z95
	centre := (p + z/(2*m)) / (1 + z/m)
	half := z95 * math.Sqrt(p*(1-p)/m+z/(4*m*m)) / (1 + z/m)
	low, high = max(0, centre-half), min(1, centre+half)
	if k == 0 {
		low = 0
	}
	if k == n {
		high = 1
	}
	return low, high
}

// NPS gives the adjusted Wald estimate of a net promoter score and the half
// width of its 95 % interval, both in points from -100 to 100: three answers are
// added, three quarters of one each to promoters and detractors (Sauro and
// Lewis, "Confidence intervals for Net Promoter Scores", 2021).
func NPS(promoters, passives, detractors int) (score, margin float64) {
	n := float64(promoters+passives+detractors) + 3
	p, d := (float64(promoters)+.75)/n, (float64(detractors)+.75)/n
	return 100 * (p - d), 100 * z95 * math.Sqrt((p+d-(p-d)*(p-d))/n)
}

// Shrunk draws the mean of n answers, which add up to sum, toward the mean of
// their workshop, as if priorAnswers more had come in at that.
func Shrunk(sum float64, n int, mean float64) float64 {
	return (sum + priorAnswers*mean) / float64(n+priorAnswers)
}

// median of some values; 0 of none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	half := len(values) / 2
	if len(values)%2 == 1 {
		return values[half]
	}
	return (values[half-1] + values[half]) / 2
}
