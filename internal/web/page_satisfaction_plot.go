package web

import (
	"cmp"
	"slices"
	"strconv"

	"neuvo/survey"
	"neuvo/templates"
)

// The plots are drawn by the server, so that they need no script: points with
// their intervals, bars with their numbers. They say the same without colour,
// and a table with all figures stands beside each.

// weekPlot is the measure of each week with its interval, in a drawing of
// plotWidth by plotHeight.
type weekPlot struct {
	Points []plotPoint
	Line   string // the points as a polyline
	Ticks  []plotTick
	Width  int
	Height int
}

type plotPoint struct {
	X, Y, Low, High    string
	CapLeft, CapRight  string // of the lines that end an interval
	Label, Name, Score string
	Between            string
}

type plotTick struct{ Y, Label string }

const (
	plotWidth, plotHeight   = 420, 220
	plotLeft, plotRight     = 58, 12
	plotTop, plotBottom     = 12, 30
	plotCap                 = 4
	maxPlotWeeks, maxLabels = 26, 7
)

// coordinate writes a place in a drawing.
func coordinate(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }

// onScale puts a measure between 0 and 1: shares are, NPS runs from -100 to 100.
func onScale(name string, v float64) float64 {
	if name == "nps" {
		v = (v + 100) / 200
	}
	return min(1, max(0, v))
}

// plotOf draws the latest weeks that have an answer.
func plotOf(weeks []reportRow) weekPlot {
	p := weekPlot{Width: plotWidth, Height: plotHeight}
	weeks = slices.DeleteFunc(lastOf(weeks, maxPlotWeeks), func(r reportRow) bool { return r.Score == "" })
	if len(weeks) == 0 {
		return p
	}
	kind, _ := weeks[len(weeks)-1].Main()
	height := float64(plotHeight - plotTop - plotBottom)
	y := func(v float64) float64 { return plotTop + height*(1-v) }
	for _, at := range []float64{0, .25, .5, .75, 1} {
		value := at
		if kind == "nps" {
			value = 200*at - 100
		}
		p.Ticks = append(p.Ticks, plotTick{coordinate(y(at)), figure(kind, value)})
	}
	step := float64(plotWidth-plotLeft-plotRight) / float64(len(weeks))
	every := (len(weeks) + maxLabels - 1) / maxLabels
	for i, w := range weeks {
		name, m := w.Main()
		if name != kind {
			continue // asked something else then: see the table
		}
		x := plotLeft + step*(float64(i)+.5)
		point := plotPoint{
			X: coordinate(x), Y: coordinate(y(onScale(name, m.Value))), Low: coordinate(y(onScale(name, m.Low))), High: coordinate(y(onScale(name, m.High))),
			CapLeft: coordinate(x - plotCap), CapRight: coordinate(x + plotCap), Name: w.Label, Score: w.Score, Between: w.Between,
		}
		if (len(weeks)-1-i)%every == 0 {
			point.Label = w.Key[len(w.Key)-2:]
		}
		p.Points = append(p.Points, point)
		p.Line += point.X + "," + point.Y + " "
	}
	return p
}

// whiskerOf draws one interval.
func whiskerOf(name string, m *survey.Measure) *whisker {
	at := func(v float64) string { return coordinate(4 + 112*onScale(name, v)) }
	return &whisker{at(m.Value), at(m.Low), at(m.High)}
}

// scoreBar is how often one score was given, as a bar of up to 100 wide.
type scoreBar struct {
	Label string // the score; "" for a verdict of words
	Met   string
	N     int
	Width string
	Share string
}

// barsOf draws the distribution on the scale that most were asked on, every
// score of it, and the verdicts of words.
func barsOf(counts []survey.Count) []scoreBar {
	byScale := map[string]int{}
	for _, c := range counts {
		byScale[c.Scale] += c.N
	}
	scale, total := "", 0
	for name, n := range byScale {
		if n > total || n == total && name < scale {
			scale, total = name, n
		}
	}
	if total == 0 {
		return nil
	}
	var bars []scoreBar
	low, high := templates.ScaleEnds(scale)
	for score := high; score >= low; score-- {
		bars = append(bars, scoreBar{Label: strconv.Itoa(score)})
	}
	bars = append(bars, scoreBar{Met: "yes"}, scoreBar{Met: "no"})
	for _, c := range counts {
		i := slices.IndexFunc(bars, func(b scoreBar) bool {
			return c.Score != nil && b.Label == strconv.Itoa(*c.Score) || c.Score == nil && b.Met == c.Met
		})
		if c.Scale == scale && i >= 0 {
			bars[i].N += c.N
		}
	}
	most := slices.MaxFunc(bars, func(a, b scoreBar) int { return cmp.Compare(a.N, b.N) }).N
	for i := range bars {
		bars[i].Width = coordinate(100 * float64(bars[i].N) / float64(max(most, 1)))
		bars[i].Share = percent(float64(bars[i].N) / float64(total))
	}
	return slices.DeleteFunc(bars, func(b scoreBar) bool { return b.Met != "" && b.N == 0 })
}
