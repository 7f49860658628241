# What a newcomer needs: make test. Everything else is for those who change things.

GO ?= go

.PHONY: build run test deps lint fmt bench torture fuzz clean

build:
	$(GO) build -trimpath -ldflags "-s -w" -o bin/neuvo ./cmd/neuvo

run:
	$(GO) run ./cmd/neuvo demo

# The whole suite, on real PostgreSQL, Dovecot, Postfix, Kannel and Chromium. Nothing is skipped.
test: deps
	$(GO) vet ./...
	test -z "$$(gofmt -l $$(git ls-files '*.go'))"
	$(GO) test -count=1 -timeout 9m ./...

# Installs what the tests need when it can (root on Debian), else says what is missing.
deps:
	@sh .ci/deps

lint:
	golangci-lint run
	$(GO) fix -diff ./...

fmt:
	gofmt -w $$(git ls-files '*.go')

# The rooms by themselves, the desk, then the whole server under Debian's wrk with
# its limits beside it. BENCH=Server/8_advisors runs a part of it; all takes some
# ten minutes.
BENCH ?= .
bench:
	@command -v wrk >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get install -y -qq --no-install-recommends wrk >/dev/null; } || \
		{ echo "the load tool is missing: apt-get install wrk" >&2; exit 1; }
	@command -v mbsync >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get install -y -qq --no-install-recommends isync >/dev/null; } || \
		{ echo "what the inbox is compared with is missing: apt-get install isync" >&2; exit 1; }
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem -timeout 60m ./...

# The races in full: 10,000 attempts by 64 clients, three processes on PostgreSQL.
torture: deps
	$(GO) test -count=1 -timeout 30m -v -run Many ./internal/loadtest -torture
	NEUVO_TEST_CRASHES=200 $(GO) test -count=1 -timeout 60m -v -run TestKillingTheSender ./notify
	NEUVO_TEST_KILLS=100 $(GO) test -count=1 -timeout 30m -v -run TestKillAtAnyMoment ./cmd/neuvo
	NEUVO_TORTURE=1 $(GO) test -count=1 -timeout 30m -v -run 'ConnectionBreaks|RenumberedHalfWay' ./notify/inbox

FUZZTIME ?= 60s
fuzz:
	$(GO) test -run '^$$' -fuzz FuzzParse -fuzztime $(FUZZTIME) -fuzzminimizetime 10x ./notify/inbox
	$(GO) test -run '^$$' -fuzz FuzzReplyText -fuzztime $(FUZZTIME) -fuzzminimizetime 10x ./notify/inbox
	$(GO) test -run '^$$' -fuzz FuzzTNEF -fuzztime $(FUZZTIME) -fuzzminimizetime 10x ./notify/inbox
	$(GO) test -run '^$$' -fuzz FuzzParse -fuzztime $(FUZZTIME) -fuzzminimizetime 10x ./notify/httpsms
	$(GO) test -run '^$$' -fuzz FuzzRead -fuzztime $(FUZZTIME) -fuzzminimizetime 10x ./survey

clean:
	rm -rf bin
