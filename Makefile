# `make` lists the targets. Go, Node and make are needed; the rest is installed here.
SHELL := /bin/bash
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
export CGO_ENABLED = 0

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s'|'

run: build ## build and start the demo county on 127.0.0.1:8080
	bin/lianxin demo --data data/demo

build: assets ## build bin/lianxin
	go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/lianxin ./cmd/lianxin

assets: internal/platform/web/dist/manifest.json ## build styles and scripts

internal/platform/web/dist/manifest.json: assets/node_modules/.package-lock.json $(shell find assets themes -type f -not -path '*/node_modules/*' 2>/dev/null)
	node assets/build.mjs

assets/node_modules/.package-lock.json: assets/package-lock.json
	npm --prefix assets ci --no-audit --no-fund --silent
	@touch $@

test: build lint ## run all tests: Go on both engines, then the browser
	tools/with-postgres go test ./...
	e2e/run

lint: ## check form and common mistakes
	@test -z "$$(gofmt -l cmd internal bench)" || { gofmt -l cmd internal bench; echo "run make fmt"; exit 1; }
	go vet ./...

fmt: ## put Go code into form
	gofmt -w cmd internal bench

bench: build ## measure the figures of bench/README.md
	go run ./bench/node
	go run ./bench/search

postgres: ## a shell with a throw-away PostgreSQL for `go test`
	tools/with-postgres bash

.PHONY: help run build assets test lint fmt bench postgres
.DEFAULT_GOAL := help
