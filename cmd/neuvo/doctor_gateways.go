package main

import (
	"context"
	"errors"
)

// overHTTP tells whether texts go over HTTP at all.
func (e *examination) overHTTP() bool {
	made, _ := e.textGateways(e.now)
	return len(made) > 0
}

// gateway calls a gateway of texts over HTTP in a way that sends nothing and
// costs nothing. One that is not set up has no finding.
func (e *examination) gateway(name string) func(context.Context) finding {
	return func(ctx context.Context) finding {
		made, _ := e.textGateways(e.now) // what is wrong with the settings stands under settings
		g := made[name]
		if g == nil {
			return finding{}
		}
		if err := errors.Join(g.Check(ctx), g.Close()); err != nil {
			return mendError(err)
		}
		switch {
		case len(e.traffics()[name].Numbers) == 0:
			return note("it takes our sign-in; customers cannot answer its texts: set %s-numbers to numbers of yours at it", name)
		case name == "vonage" && e.Vonage.SignatureSecret == "":
			return note("it takes our sign-in; its calls are not taken without vonage-signature-secret")
		}
		return fine("it takes our sign-in; let it call %s/hooks/%s/inbound", e.BaseURL, name)
	}
}
