package survey

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func near(t *testing.T, what string, got, want, by float64) {
	t.Helper()
	if math.Abs(got-want) > by {
		t.Errorf("%s is %.5f, want %.5f", what, got, want)
	}
}

func TestIntervalsAndScoresAreThePublishedOnes(t *testing.T) {
	low, high := Wilson(74, 107)
	near(t, "CSAT 74 of 107", math.Round(100*74./107), 69, 0)
	if low >= 74./107 || high <= 74./107 {
		t.Errorf("CSAT 74 of 107 is outside its interval %.3f to %.3f", low, high)
	}
	for _, tt := range []struct {
		k, n int
		low  float64
	}{{1, 1, .2065}, {5, 5, .5655}, {9, 10, .5958}, {45, 50, .7864}, {0, 5, 0}} {
		low, high := Wilson(tt.k, tt.n)
		near(t, "Wilson's lower bound", low, tt.low, .00005)
		mirrored, _ := Wilson(tt.n-tt.k, tt.n)
		near(t, "Wilson's upper bound", high, 1-mirrored, 1e-9)
	}
	score, margin := NPS(6, 3, 1)
	near(t, "NPS of 6, 3 and 1", score, 38.5, .05)
	near(t, "its margin", margin, 38.7, .05)
	near(t, "3 of 3 at a mean of .85", Shrunk(3, 3, .85), .870, .0005)
	near(t, "45 of 50 at a mean of .85", Shrunk(45, 50, .85), .886, .0005)
}

func TestIntervalsHoldTheirShareAndNarrowWithAnswers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 5000).Draw(t, "n")
		k := rapid.IntRange(0, n).Draw(t, "k")
		p := float64(k) / float64(n)
		low, high := Wilson(k, n)
		if low < 0 || high > 1 || low > p || high < p {
			t.Fatalf("%d of %d: %v to %v", k, n, low, high)
		}
		low4, high4 := Wilson(4*k, 4*n)
		if high4-low4 >= high-low {
			t.Fatalf("%d of %d: four times the answers widen it", k, n)
		}
		d := rapid.IntRange(0, n-k).Draw(t, "detractors")
		if score, margin := NPS(k, n-k-d, d); math.Abs(score) > 100 || margin <= 0 || margin > 100 {
			t.Fatalf("NPS %v ± %v", score, margin)
		}
		mean := rapid.Float64Range(0, 1).Draw(t, "mean")
		if s := Shrunk(float64(k), n, mean); s < min(p, mean)-1e-12 || s > max(p, mean)+1e-12 {
			t.Fatalf("shrunk to %v, from %v toward %v", s, p, mean)
		}
	})
}

func TestTheMedianIsInTheMiddle(t *testing.T) {
	for want, values := range map[float64][]float64{0: nil, 3: {3}, 2.5: {4, 1, 2, 3}, 5: {9, 5, 1}} {
		near(t, "median", median(values), want, 0)
	}
}
