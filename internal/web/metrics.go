package web

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"neuvo/notify"
	"neuvo/notify/inbox"
)

// metrics counts requests by route and shows the queues, in a registry of its
// own: two servers in one process do not meet.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

func newMetrics(n *notify.Notifier, mailboxes []*inbox.Poller, b *bell) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "neuvo_http_requests_total", Help: "Requests answered, by route pattern, method and status.",
		}, []string{"route", "method", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "neuvo_http_request_seconds", Help: "Time to answer, by route pattern.",
			Buckets: []float64{.002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"route"}),
	}
	m.registry.MustRegister(m.requests, m.seconds, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), &queues{notifier: n}, &reading{mailboxes: mailboxes, bell: b})
	return m
}

func (m *metrics) observe(route, method string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, knownMethod(method), strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(route).Observe(took.Seconds())
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// knownMethod keeps strangers from making up label values.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

// queues shows what waits in notify, read when it is asked for.
type queues struct {
	notifier *notify.Notifier
	mu       sync.Mutex
}

var (
	queuedDesc  = prometheus.NewDesc("neuvo_outbox_queued", "Messages waiting to be sent.", nil, nil)
	triageDesc  = prometheus.NewDesc("neuvo_inbox_triage", "Inbound messages waiting for a person to place them.", nil, nil)
	waitingDesc = prometheus.NewDesc("neuvo_outbox_later", "Messages that wait for their time.", nil, nil)
	deadDesc    = prometheus.NewDesc("neuvo_outbox_undelivered", "Messages that did not arrive and that nobody has dealt with.", nil, nil)
	unknownDesc = prometheus.NewDesc("neuvo_outbox_unknown", "Messages of which nobody knows whether their gateway has them.", nil, nil)
	ageDesc     = prometheus.NewDesc("neuvo_outbox_oldest_due_seconds", "How long the oldest message that is due has been waiting; 0 when none waits.", nil, nil)
	storedDesc  = prometheus.NewDesc("neuvo_inbox_stored", "Inbound messages that nothing has read yet.", nil, nil)
	wayDesc     = prometheus.NewDesc("neuvo_gateway_under_way", "Messages handed over to a gateway whose calls have not ended, in this process.", []string{"gateway"}, nil)
	limitDesc   = prometheus.NewDesc("neuvo_gateway_calls_limit", "Calls of a gateway that may be under way at once, in this process.", []string{"gateway"}, nil)
	failingDesc = prometheus.NewDesc("neuvo_gateway_failing", "Calls of a gateway in a row that failed for a reason of its own; 0 while it works.", []string{"gateway"}, nil)
	restingDesc = prometheus.NewDesc("neuvo_gateway_resting", "1 while a gateway that fails is passed over.", []string{"gateway"}, nil)
	statesDesc  = prometheus.NewDesc("neuvo_outbox_states_total", "Messages that came into a state.", []string{"state"}, nil)
	callsDesc   = prometheus.NewDesc("neuvo_gateway_calls_total", "Calls of a gateway, by how they ended.", []string{"gateway", "outcome"}, nil)
	missingDesc = prometheus.NewDesc("neuvo_inbox_missing", "Messages that the last counts found in mailboxes and in the lists of gateways and not stored; they were fetched then.", nil, nil)
	oldestDesc  = prometheus.NewDesc("neuvo_outbox_oldest_due_timestamp_seconds",
		"When the oldest waiting message was due, as Unix time; absent when none waits.", nil, nil)
)

// Describe implements prometheus.Collector.
func (q *queues) Describe(ch chan<- *prometheus.Desc) {
	ch <- queuedDesc
	ch <- triageDesc
	ch <- waitingDesc
	ch <- deadDesc
	ch <- statesDesc
	ch <- callsDesc
	ch <- missingDesc
	ch <- oldestDesc
	for _, d := range []*prometheus.Desc{unknownDesc, ageDesc, storedDesc, wayDesc, limitDesc, failingDesc, restingDesc} {
		ch <- d
	}
}

// Collect implements prometheus.Collector. A database that does not answer
// leaves the gauges out rather than showing zeros.
func (q *queues) Collect(ch chan<- prometheus.Metric) {
	q.mu.Lock()
	defer q.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	stats, err := q.notifier.Stats(ctx)
	if err != nil {
		return
	}
	ch <- prometheus.MustNewConstMetric(queuedDesc, prometheus.GaugeValue, float64(stats.Queued))
	ch <- prometheus.MustNewConstMetric(triageDesc, prometheus.GaugeValue, float64(stats.Triage))
	ch <- prometheus.MustNewConstMetric(waitingDesc, prometheus.GaugeValue, float64(stats.Later))
	ch <- prometheus.MustNewConstMetric(deadDesc, prometheus.GaugeValue, float64(stats.Undelivered))
	for state, count := range stats.States {
		ch <- prometheus.MustNewConstMetric(statesDesc, prometheus.CounterValue, float64(count), string(state))
	}
	ch <- prometheus.MustNewConstMetric(unknownDesc, prometheus.GaugeValue, float64(stats.Unknown))
	ch <- prometheus.MustNewConstMetric(storedDesc, prometheus.GaugeValue, float64(stats.Stored))
	ch <- prometheus.MustNewConstMetric(ageDesc, prometheus.GaugeValue, stats.Oldest.Seconds())
	q.gateways(ch)
	for _, c := range q.notifier.GatewayCounts() {
		ch <- prometheus.MustNewConstMetric(callsDesc, prometheus.CounterValue, float64(c.Count), c.Gateway, c.Outcome)
	}
	ch <- prometheus.MustNewConstMetric(missingDesc, prometheus.GaugeValue, float64(stats.Missing))
	if !stats.OldestDue.IsZero() {
		ch <- prometheus.MustNewConstMetric(oldestDesc, prometheus.GaugeValue, float64(stats.OldestDue.Unix()))
	}
}

// reading shows what is done with the mailboxes and for how many open pages.
// Mailboxes are told apart by their place in the settings: whoever may read the
// metrics learns no address.
type reading struct {
	mailboxes []*inbox.Poller
	bell      *bell
}

var (
	listenersDesc = prometheus.NewDesc("neuvo_desk_listeners", "Open pages that are told of news.", nil, nil)
	pollsDesc     = prometheus.NewDesc("neuvo_mailbox_polls_total", "Looks into a mailbox.", []string{"mailbox"}, nil)
	broughtDesc   = prometheus.NewDesc("neuvo_mailbox_messages_total", "Messages stored from a mailbox.", []string{"mailbox"}, nil)
	roundsDesc    = prometheus.NewDesc("neuvo_mailbox_idle_rounds_total", "IDLE commands sent to a mailbox's server.", []string{"mailbox"}, nil)
)

// Describe implements prometheus.Collector.
func (r *reading) Describe(ch chan<- *prometheus.Desc) {
	ch <- listenersDesc
	ch <- pollsDesc
	ch <- broughtDesc
	ch <- roundsDesc
}

// Collect implements prometheus.Collector.
func (r *reading) Collect(ch chan<- prometheus.Metric) {
	ch <- prometheus.MustNewConstMetric(listenersDesc, prometheus.GaugeValue, float64(r.bell.listening()))
	for i, p := range r.mailboxes {
		place, did := strconv.Itoa(i+1), p.Activity()
		ch <- prometheus.MustNewConstMetric(pollsDesc, prometheus.CounterValue, float64(did.Polls), place)
		ch <- prometheus.MustNewConstMetric(broughtDesc, prometheus.CounterValue, float64(did.Messages), place)
		ch <- prometheus.MustNewConstMetric(roundsDesc, prometheus.CounterValue, float64(did.Rounds), place)
	}
}

// gateways shows how each gateway stands.
func (q *queues) gateways(ch chan<- prometheus.Metric) {
	for _, g := range q.notifier.GatewayGauges() {
		resting := 0.0
		if g.Resting {
			resting = 1
		}
		for d, v := range map[*prometheus.Desc]float64{wayDesc: float64(g.UnderWay), limitDesc: float64(g.Limit), failingDesc: float64(g.Failing), restingDesc: resting} {
			ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, g.Gateway)
		}
	}
}
