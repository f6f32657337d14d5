# Two commands do all the set-up: `make demo` and `make test`.
.PHONY: env demo test check unit real lock bench-vin-photos clean
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.stamp-test

env: $(STAMP)

$(STAMP): requirements/test.txt pyproject.toml tools/make_env.sh
	sh tools/make_env.sh $(VENV) requirements/test.txt
	touch $@

lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	    --no-emit-index-url --no-emit-find-links requirements/run.in -o requirements/run.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	    --no-emit-index-url --no-emit-find-links requirements/test.in -c requirements/run.txt -o requirements/test.txt

clean:
	rm -rf $(VENV) demo-data .mypy_cache .ruff_cache .hypothesis
