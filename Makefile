# Two commands do all the set-up: `make demo` and `make test`.
#   make demo              the whole system on this machine; ONCE=1 ends by itself, PHOTOS=DIR uses your own VIN photos
#   make test              everything that CI runs
#   make env               the environment alone, in .venv
.PHONY: env demo test check pure covered rooms browser zbar mosquitto postgresql fuse simulate faults \
    bench-sticker bench-hub bench-audit bench-day bench-photos bench-vin bench-clone \
    train-env train test-training lock clean
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
RUN_STAMP := $(VENV)/.made-run
TEST_STAMP := $(VENV)/.made-test
PYTEST := $(BIN)/pytest -q
DECIDING := central_hub.deciding central_hub.people central_hub.settings central_hub.papers.sheet central_hub.standing.acts \
    central_hub.standing.digests central_hub.store.gaps central_hub.store.timing \
    edge_agent.courier edge_agent.precedence edge_agent.retention edge_agent.comparing edge_agent.wanted \
    lane_controller.sequence lane_controller.signals \
    firmware_profiles.parsing firmware_profiles.schema firmware_profiles.consistency firmware_profiles.positions \
    models.candidates models.voting models.deciding models.matching
DECIDING_TESTS := tests/inspection tests/firmware_profiles $(wildcard tests/lane_controller/test_s[ei][qg]*.py) \
    tests/central_hub/deciding tests/central_hub/people tests/central_hub/standing tests/central_hub/papers/test_sheet.py \
    tests/central_hub/test_settings.py tests/edge_agent/wanted \
    $(foreach name,gaps timing,tests/central_hub/store/test_$(name).py) \
    $(foreach name,courier precedence retention comparing,tests/edge_agent/test_$(name).py) \
    $(foreach name,candidates voting deciding matching,tests/models/test_$(name).py)
SHARED_PHOTOS ?= ../shared/data/vin/read
# Labelled photos of VINs, and more of them of stamped metal where there are some (folders with labels.tsv).
VIN_PHOTOS ?= ../shared/data/vin/read
VIN_STAMPED ?=
# Frames with boxes.tsv to train on; VIN_PHOTOS are measured on and kept out of it.
VIN_FRAMES ?= ../shared/data/vin/find
TRAIN_VENV := .venv-train
TRAIN_STAMP := $(TRAIN_VENV)/.made-train
TRAINING_WORK ?= models/training/work
TRAINING := $(TRAIN_VENV)/bin/python -m models.training
TRAINING_FOLDERS := --frames $(VIN_FRAMES) --measured $(VIN_PHOTOS) --work $(TRAINING_WORK)

env: $(RUN_STAMP)

$(RUN_STAMP): requirements/run.txt pyproject.toml tools/make_env.sh
	sh tools/make_env.sh $(VENV) requirements/run.txt
	touch $@

$(TEST_STAMP): requirements/test.txt pyproject.toml tools/make_env.sh
	sh tools/make_env.sh $(VENV) requirements/test.txt
	touch $@ $(RUN_STAMP)

demo: $(RUN_STAMP)
	$(BIN)/passlane demo $(if $(ONCE),--once) $(if $(PHOTOS),--photos $(PHOTOS))

test: $(TEST_STAMP) browser zbar mosquitto postgresql fuse check pure covered rooms

check: $(TEST_STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The language alone: no I/O, a few seconds.
pure: $(TEST_STAMP)
	$(PYTEST) -p no:cov -p no:playwright tests/inspection

# Every branch of the language and of the files that decide is taken by their own tests.
covered: $(TEST_STAMP)
	$(PYTEST) $(DECIDING_TESTS) $(addprefix --cov=,inspection $(DECIDING)) --cov-branch \
	    --cov-report=term-missing:skip-covered --cov-fail-under=100

rooms: $(TEST_STAMP)
	$(PYTEST) tests --ignore=tests/inspection

# The browser for the console's tests, from Debian, where it is missing and may be installed; else those tests skip.
browser:
	@sh tools/install_browser.sh

# The second reader of barcodes, likewise from Debian; where it is missing, its tests skip and reading does without it.
zbar:
	@sh tools/install_zbar.sh

# The other broker, the other store and the file system whose power can be cut, likewise from Debian; their tests skip,
# and say so, where they are missing.
mosquitto:
	@sh tools/install_mosquitto.sh

postgresql:
	@sh tools/install_postgresql.sh

fuse:
	@sh tools/install_fuse.sh

# Devices, wires, hub, disks and clocks under one seeded scheduler; a failing seed is printed and replays exactly.
simulate: $(TEST_STAMP)
	$(BIN)/python -m tests.simulation $(if $(SEEDS),--seeds $(SEEDS)) $(if $(SEED),--seed $(SEED))

# Real processes, a real broker and real files, killed, cut, filled and unplugged at random moments; some ten minutes.
faults: $(TEST_STAMP) fuse
	$(BIN)/python -m benchmarks.faults $(if $(FAULTS),--faults $(FAULTS)) $(if $(SEED),--seed $(SEED))

# What the README quotes. Each prints a table and writes JSON into benchmarks/.
bench-sticker: $(RUN_STAMP)
	$(BIN)/python benchmarks/photo_to_sticker.py

# Some fifteen minutes. QUICK=1 is a short run that keeps nothing.
bench-hub: $(RUN_STAMP)
	$(BIN)/python -m benchmarks.hub_speed $(if $(QUICK),--quick)

# Handing out the next case: a million cases, 60 000 waiting, 50 auditors, over both stores. QUICK=1 keeps nothing.
bench-audit: $(TEST_STAMP) postgresql
	$(BIN)/python -m benchmarks.audit_queue $(if $(QUICK),--quick)

# A day of a city in virtual time, through the real engine. Some minutes.
bench-day: $(RUN_STAMP)
	$(BIN)/python -m benchmarks.city_day

bench-photos: $(RUN_STAMP)
	$(BIN)/python benchmarks/real_photos.py $(SHARED_PHOTOS)

# LIMIT=10 is a quick run that keeps nothing.
bench-vin: $(TEST_STAMP)
	$(BIN)/python -m benchmarks.vin_reading --photos $(VIN_PHOTOS) $(if $(VIN_STAMPED),--stamped $(VIN_STAMPED)) \
	    $(if $(LIMIT),--limit $(LIMIT))

bench-clone: $(RUN_STAMP)
	$(BIN)/python benchmarks/fresh_clone.py

# The reader's own weights, from the frames to the files in models/; each step goes on where it was cut off. Hours on two
# cores. The labels and checkpoints in TRAINING_WORK are kept out of the repository: real VINs stand in them.
train-env: $(TRAIN_STAMP)

$(TRAIN_STAMP): requirements/train.txt pyproject.toml tools/make_env.sh
	sh tools/make_env.sh $(TRAIN_VENV) requirements/train.txt
	touch $@

train: $(TRAIN_STAMP)
	$(TRAINING) label --round 1 $(TRAINING_FOLDERS)
	$(TRAINING) reader --round 1 $(TRAINING_FOLDERS)
	$(TRAINING) label $(TRAINING_FOLDERS)
	$(TRAINING) reader $(TRAINING_FOLDERS)
	$(TRAINING) finder $(TRAINING_FOLDERS)
	$(TRAINING) surfaces $(TRAINING_FOLDERS)
	$(TRAINING) export $(TRAINING_FOLDERS)
	$(TRAINING) calibrate $(TRAINING_FOLDERS)

# The tests of training that skip where PyTorch is not installed.
test-training: $(TRAIN_STAMP)
	$(TRAIN_VENV)/bin/pytest -q tests/models/training

# Locks the requirements: versions and hashes, no index address. Needs uv.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	    --no-emit-index-url --no-emit-find-links requirements/run.in -o requirements/run.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	    --no-emit-index-url --no-emit-find-links requirements/test.in -c requirements/run.txt -o requirements/test.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	    --no-emit-index-url --no-emit-find-links requirements/train.in -c requirements/test.txt -o requirements/train.txt

clean:
	rm -rf $(VENV) $(TRAIN_VENV) .mypy_cache .ruff_cache .hypothesis
