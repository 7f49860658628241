package notify

import (
	"cmp"
	"slices"
)

// GatewayGauge is how a gateway stands at this moment in this process.
type GatewayGauge struct {
	Gateway  string
	UnderWay int  // messages noted as handed over whose call has not ended
	Limit    int  // calls that may be under way at once
	Failing  int  // calls running that failed for a reason of the gateway's
	Resting  bool // it is passed over for a while because of that
}

// GatewayGauges gives how every gateway stands.
func (n *Notifier) GatewayGauges() []GatewayGauge {
	var list []GatewayGauge
	for _, lanes := range n.lanes {
		for _, l := range lanes {
			resting := l.resting(n.opt.Now())
			l.mu.Lock()
			list = append(list, GatewayGauge{Gateway: l.name, UnderWay: l.handed, Limit: cap(l.slots), Failing: l.fails, Resting: resting})
			l.mu.Unlock()
		}
	}
	slices.SortFunc(list, func(a, b GatewayGauge) int { return cmp.Compare(a.Gateway, b.Gateway) })
	return list
}
