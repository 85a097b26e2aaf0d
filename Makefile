# mailconnector. `make help` lists the targets.

GO       ?= go
BIN      := bin/mailconnector
# The race detector needs a C compiler; without one the tests run without it. It leaves out SQLite, which is C translated to Go and runs in
# tests and the demo alone: watching it took most of their time, and what is handed to it is handed to MariaDB's driver too.
RACE     ?= $(if $(shell command -v gcc || command -v clang),-race -gcflags=modernc.org/...=-race=false)
PKGS     ?= ./...
# Tests of whole programs, which they kill, time or look at in a browser, and of a large index run without it: with it, on a busy machine,
# uploads and locks of the database run into their time limits. What they are made of is searched for races by the tests of its own packages.
WHOLE    := ./addin ./demo ./permissions/search
# Tests of large contents, which take the race detector six times as long; it watches what they do with small ones.
LARGE    := TestALarge
LINT     := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.14.0
# A number of inputs, not seconds: Go before 1.27 can report the end of a time as a failure (https://go.dev/issue/75804).
FUZZTIME ?= 10000x
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS  := -s -w -X main.version=$(VERSION)

.DEFAULT_GOAL := help
.PHONY: help run build test bench bench-search bench-archive lint fuzz addin release clean

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  \033[1m%-13s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## Start the demo CRM with the module mounted, and print its address
	$(BIN) demo $(ARGS)

build: ## Build the binary into bin/
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/mailconnector

# In this order vtenext, which takes longest and waits most, begins, and the others run beside it.
test: ## Run every test: SQLite always; MariaDB and Chromium where they are installed
	$(GO) test $(RACE) -skip '^$(LARGE)' -timeout 15m $$($(GO) list $(PKGS) | grep -vxF "$$($(GO) list $(WHOLE))" | sort -r)
	$(GO) test -skip '^$(LARGE)' -timeout 15m $(WHOLE)
	$(GO) test -run '^$(LARGE)' -timeout 15m $$(grep -rl --include='*_test.go' 'func $(LARGE)' . | xargs -n1 dirname | sort -u)
	cd module/example && $(GO) test -timeout 5m ./...

bench: ## Run the benchmarks; each prints its ratio to a floor measured in the same run
	$(GO) test -run '^$$' -bench . -benchtime $(or $(BENCHTIME),2s) $(PKGS)

bench-search: ## Search 1.5 million records and hold the answers to their budgets, three times; SCALE=100000 for fewer
	$(GO) test -count=1 -v -timeout 120m -run TestScale ./permissions/search/scale -scale $(or $(SCALE),1500000) \
		-runs 3 -samples 400 -clients 10s $(if $(DSN),-dsn '$(DSN)')

bench-archive: ## Measure the archive: mails of 1 to 150 MB, links by clients at once, one mail of 25 MB over HTTP
	$(GO) test -run '^$$' -bench 'Sizes' -benchtime 1x ./messages/mail
	$(GO) test -run '^$$' -bench 'Link$$' -benchtime $(or $(BENCHTIME),8x) ./messages
	$(GO) test -run '^$$' -bench 'LinkLargeMail' -benchtime $(or $(BENCHTIME),8x) ./module

lint: ## Check formatting, vet, import directions and style
	@test -z "$$(gofmt -l . | tee /dev/stderr)" || { echo 'run gofmt -w on these files'; exit 1; }
	$(GO) mod tidy -diff
	$(GO) run $(LINT) run ./...

fuzz: ## Run each fuzz target on FUZZTIME inputs (10000x)
	@$(GO) list -f '{{.ImportPath}} {{.Dir}}' ./... | while read -r pkg dir; do \
		grep -hoE '^func Fuzz[A-Za-z0-9_]+' $$dir/*_test.go 2>/dev/null | sed 's/^func //' | while read -r target; do \
			echo "fuzz $$pkg $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$pkg </dev/null || exit 1; \
		done || exit 1; \
	done

addin: ## Rebuild the task pane's bundle from its TypeScript
	$(GO) generate ./addin

release: ## Cross-compile release binaries with checksums into dist/
	@mkdir -p dist
	@for target in linux/amd64 linux/arm64 windows/amd64 darwin/arm64; do \
		os=$${target%/*}; arch=$${target#*/}; out=dist/mailconnector-$$os-$$arch; \
		[ $$os = windows ] && out=$$out.exe; echo $$out; \
		CGO_ENABLED=0 GOOS=$$os GOARCH=$$arch $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $$out ./cmd/mailconnector || exit 1; \
	done
	@cd dist && sha256sum mailconnector-* > SHA256SUMS

clean: ## Remove what the other targets built
	rm -rf bin dist
