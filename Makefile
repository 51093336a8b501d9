# frontmonth: build, test, show. `make help` lists the goals.
# Everything lands under build/; the only change outside is what tools/bootstrap installs from Debian.

BUILD := build/release
CHECK := build/check
THREADS := build/threads
FUZZ := build/fuzz
PREFIX ?= /usr/local
# make build MARCH=x86-64-v2 builds for CPUs older than 2013. The rows are the same.
MARCH ?= x86-64-v3
DEMO_DIR ?= frontmonth-demo
FUZZ_SECONDS ?= 30
JOBS ?= $(shell nproc)

# The rooms that start threads; each has tests.
space := $(subst ,, )
THREADED := $(strip $(foreach room,market dbn net capture lake databento gateway google server schedule,$(if $(wildcard src/$(room)/*_test.cc),$(room))) \
  $(if $(wildcard src/jobs/live*_test.cc),jobs))

.DEFAULT_GOAL := help
.PHONY: help build demo test test-page test-threads bench install deb fuzz lint lint-all format clean

help: ## this list
	@echo 'Goals:'; grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

build: ## the program, at build/release/frontmonth
	@tools/bootstrap build
	@tools/cmake $(BUILD) -DCMAKE_BUILD_TYPE=Release -DFM_MARCH=$(MARCH) -DFM_TESTS=OFF
	@cmake --build $(BUILD) --parallel $(JOBS) --target frontmonth
	@echo 'Built $(BUILD)/frontmonth'

demo: build ## synthesise a trading day, turn it into candles, show where to look
	@$(BUILD)/frontmonth demo --dir $(DEMO_DIR)

test: ## every test, with address and undefined-behaviour sanitizers
	@tools/bootstrap test judges
	@tools/cmake $(CHECK) -DCMAKE_BUILD_TYPE=Debug -DFM_SANITIZE=ON
	@cmake --build $(CHECK) --parallel $(JOBS)
	@tools/run-tests $(CHECK)

test-page: build ## the page in a real browser, against the real program
	@tools/bootstrap test
	@tools/page browser $(BUILD)/frontmonth $(BUILD)/web/pictures

test-threads: ## the rooms that use threads, with the thread sanitizer
	@tools/bootstrap test
	@tools/cmake $(THREADS) -DCMAKE_BUILD_TYPE=Debug -DFM_TSAN=ON
	@cmake --build $(THREADS) --parallel $(JOBS) --target $(THREADED:%=%_test)
	@TSAN_OPTIONS="suppressions=$(CURDIR)/tests/tsan.supp halt_on_error=1" GTEST_FILTER='-*Crash*:*Race*' \
	  ctest --test-dir $(THREADS) --output-on-failure --parallel $(JOBS) -R '^($(subst $(space),|,$(THREADED)))(_[0-9]+)?$$'

bench: build ## one table of speeds beside their limits; also build/bench.json
	@tools/bootstrap bench
	@cmake --build $(BUILD) --parallel $(JOBS) --target frontmonth_bench
	@$(BUILD)/bench/frontmonth_bench --json build/bench.json $(BENCH_FLAGS)

install: build ## into PREFIX (default /usr/local), with manual pages and completions
	@cmake --build $(BUILD) --target frontmonth_share
	@cmake --install $(BUILD) --prefix $(PREFIX)

deb: build ## a Debian package, build/frontmonth_VERSION_ARCH.deb
	@tools/bootstrap deb
	@cmake --build $(BUILD) --target frontmonth_share
	@cd $(BUILD) && cpack -G DEB >cpack.log || { cat cpack.log; exit 1; }
	@echo "Made $$(ls -t build/frontmonth_*.deb | head -1)"

fuzz: build ## every fuzz target for FUZZ_SECONDS (default 30) from a generated corpus
	@tools/bootstrap fuzz
	@tools/cmake $(FUZZ) -DCMAKE_BUILD_TYPE=RelWithDebInfo -DFM_FUZZ=ON -DFM_TESTS=OFF -DCMAKE_CXX_COMPILER=clang++-19
	@cmake --build $(FUZZ) --parallel $(JOBS) --target fuzz_targets
	@tools/run-fuzz $(FUZZ) $(BUILD) $(FUZZ_SECONDS)

lint: ## format and static checks of what changed since the merge base
	@tools/bootstrap lint
	@tools/lint changed

lint-all: ## format and static checks of the whole tree
	@tools/bootstrap lint
	@tools/lint all

format: ## rewrite the sources in the project's format
	@tools/bootstrap lint
	@git ls-files '*.cc' '*.h' | xargs clang-format-19 -i

clean: ## removes every build directory, keeps downloaded libraries
	@rm -rf $(BUILD) $(CHECK) $(THREADS) $(FUZZ)
