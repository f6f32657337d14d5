# Two commands do all the set-up: `make demo` and `make test`.
#   make demo              the whole system on this machine; ONCE=1 ends by itself, PHOTOS=DIR uses your own VIN photos
#   make test              everything that CI runs
#   make env               the environment alone, in .venv
.PHONY: env demo test check pure rooms browser bench-sticker bench-photos bench-clone lock clean
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
RUN_STAMP := $(VENV)/.made-run
TEST_STAMP := $(VENV)/.made-test
PYTEST := $(BIN)/pytest -q
PURE := tests/inspection tests/test_shape.py
SHARED_PHOTOS ?= ../shared/data/vin/read

env: $(RUN_STAMP)

$(RUN_STAMP): requirements/run.txt pyproject.toml tools/make_env.sh
	sh tools/make_env.sh $(VENV) requirements/run.txt
	touch $@

$(TEST_STAMP): requirements/test.txt pyproject.toml tools/make_env.sh
	sh tools/make_env.sh $(VENV) requirements/test.txt
	touch $@ $(RUN_STAMP)

demo: $(RUN_STAMP)
	$(BIN)/passlane demo $(if $(ONCE),--once) $(if $(PHOTOS),--photos $(PHOTOS))

test: $(TEST_STAMP) browser check pure rooms

check: $(TEST_STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

pure: $(TEST_STAMP)
	$(PYTEST) $(PURE) --cov=inspection --cov-branch --cov-report=term:skip-covered --cov-fail-under=100

rooms: $(TEST_STAMP)
	$(PYTEST) tests $(addprefix --ignore=,$(PURE))

# The browser for the console's tests, from Debian, where it is missing and may be installed; else those tests skip.
browser:
	@sh tools/install_browser.sh

# What the README quotes. Each prints a table and writes JSON into benchmarks/.
bench-sticker: $(RUN_STAMP)
	$(BIN)/python benchmarks/photo_to_sticker.py

bench-photos: $(RUN_STAMP)
	$(BIN)/python benchmarks/real_photos.py $(SHARED_PHOTOS)

bench-clone: $(RUN_STAMP)
	$(BIN)/python benchmarks/fresh_clone.py

# Locks the requirements: versions and hashes, no index address. Needs uv.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	    --no-emit-index-url --no-emit-find-links requirements/run.in -o requirements/run.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	    --no-emit-index-url --no-emit-find-links requirements/test.in -c requirements/run.txt -o requirements/test.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .hypothesis
