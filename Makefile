# What a newcomer needs: make test. Everything else is for those who change things.

GO ?= go

.PHONY: build run test deps lint fmt bench fuzz clean

build:
	$(GO) build -trimpath -ldflags "-s -w" -o bin/neuvo ./cmd/neuvo

run:
	$(GO) run ./cmd/neuvo demo

# The whole suite, on real PostgreSQL, Dovecot and Chromium. Nothing is skipped.
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

bench:
	$(GO) test -run '^$$' -bench . -benchmem ./...

FUZZTIME ?= 60s
fuzz:
	$(GO) test -run '^$$' -fuzz FuzzParse -fuzztime $(FUZZTIME) ./notify/inbox
	$(GO) test -run '^$$' -fuzz FuzzReplyText -fuzztime $(FUZZTIME) ./notify/inbox
	$(GO) test -run '^$$' -fuzz FuzzRead -fuzztime $(FUZZTIME) ./survey

clean:
	rm -rf bin
