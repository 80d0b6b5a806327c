# The few verbs of this repository. Each does all its own set-up.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
# The policy scanner asks for old versions of what we use: an environment of its own.
POLICY := .venv-policy
POLICY_READY := $(POLICY)/.ready
# Another emulator of Workflows, to be measured beside: it wants old versions, too.
RIVAL := .venv-rival
RIVAL_READY := $(RIVAL)/.ready

# What is compiled once is read by every process after it; some machines switch that off.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo up status explain test test-service test-full compiled pytest simulate lint types policy golden bench bench-verdict bench-reaction bench-cold-start bench-rollouts bench-kills bench-health bench-workflows lock clean

demo: $(READY)  ## The main job on this laptop: promoted, rolled back, rolled back by an alert.
	@$(PY) -m demo

up: $(READY)  ## Keep a local cloud running, with Barq in it.
	@$(PY) -m local_cloud up $(ARGS)

status: $(READY)  ## What goes on in the cloud of `make up`.
	@$(PY) -m local_cloud status $(ARGS)

explain: $(READY)  ## Why a rollout in the cloud of `make up` was decided so: ROLLOUT=...
	@$(PY) -m local_cloud explain $(ROLLOUT) $(ARGS)

# Types and policies are judged while the tests run: they keep one core busy and wait for nothing.
test: $(READY)  ## All tests, lint, types and policies.
	@$(MAKE) --no-print-directory -j 2 types lint compiled
	@$(MAKE) --no-print-directory -j 2 pytest policy

# pytest compiles tests its own way, and its workers would each do all of it at once.
compiled: $(READY)
	@$(PY) -m pytest --collect-only -qq tests >/dev/null

# Three at a time on two cores: who plays on real processes waits more than it works.
pytest: $(READY)
	@$(PY) -m pytest -q -n 3 --dist loadgroup tests

test-service: $(READY)  ## The tests of health_service alone: what a build of its image runs.
	@$(PY) -m pytest -q -n 2 tests/unit/health_service tests/processes/test_migrations.py

test-full: test  ## What is longer: more examples, a fuzzer, the whole demo, every kill -9, proxy and memory.
	@HYPOTHESIS_PROFILE=explore BARQ_TEST_GCLOUD=all $(PY) -m pytest -q -n 2 tests/unit tests/processes/test_openapi.py
	@$(PY) -m tests.fuzz --seconds 120
	@$(PY) -m demo
	@$(PY) -m benchmarks.kills
	@$(PY) -m benchmarks.proxy
	@$(PY) -m benchmarks.memory
	@$(PY) -m benchmarks.image

simulate: $(READY)  ## Hunt for broken rules until told to stop; SEED=... ONLY=3,7 replays one.
	@$(PY) -m tests.simulation $(if $(SEED),--seed $(SEED)) $(if $(ONLY),--only $(ONLY)) $(ARGS)

lint: $(READY)
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .

types: $(READY)
	@$(VENV)/bin/mypy

policy: $(READY) $(POLICY_READY)  ## Terraform and Dockerfile beside Checkov's catalogue of policies.
	@$(PY) -m tools.policy

golden: $(READY)  ## Rewrite generated files; review sees the difference.
	@$(PY) docs/generate.py
	@$(PY) -m local_cloud.up.reference
	@$(PY) -m docs.concepts.plot_verdict
	@$(PY) -m docs.concepts.examples
	@$(PY) -m tests.terraform.golden
	@$(PY) -m tests.conformance.page
	@$(PY) -m docs.workflows.generate

bench: $(READY)  ## The proxy beside the bare revision.
	@$(PY) -m benchmarks.proxy

bench-verdict: $(READY)  ## The verdict beside the rules of other tools, the short form: minutes.
	@$(PY) -m benchmarks.verdict $(ARGS)

bench-reaction: $(READY)  ## How soon real processes are rolled back: 20 minutes of real time.
	@$(PY) -m benchmarks.reaction $(ARGS)

bench-cold-start: $(READY)  ## How soon a rollback answers that starts cold, beside a bare hello.
	@$(PY) -m benchmarks.cold_start $(ARGS)

bench-rollouts: $(READY)  ## Whole rollouts a second on one core, in virtual time.
	@$(PY) -m benchmarks.rollouts $(ARGS)

bench-kills: $(READY)  ## kill -9 of each function, the engine and the canary at each stage: five minutes.
	@$(PY) -m benchmarks.kills $(ARGS)

bench-health: $(READY)  ## The health routes at 200 requests/s, and beside a bare route and two packages: 4 minutes.
	@$(PY) -m benchmarks.health $(ARGS)

bench-workflows: $(READY) $(RIVAL_READY)  ## The local Workflows beside PyPI's workflows-emulator, and 10,000 executions: two minutes.
	@$(PY) -m benchmarks.workflows $(ARGS)

lock: $(READY)  ## Pin again what requirements/*.in ask for.
	$(PY) requirements/lock.py

clean:
	rm -rf $(VENV) $(POLICY) $(RIVAL) .barq

# A failed set-up leaves no marker, so the next call begins it again.
$(READY): requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit("error: Python 3.11 or newer is needed, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@test -x $(PY) || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "error: python3 -m venv does not work here; nothing was installed"; echo " hint: apt-get install python3-venv"; exit 1; }
	@$(PY) -m pip install --quiet --disable-pip-version-check uv==0.13.9
	@$(VENV)/bin/uv pip sync --quiet requirements/dev.txt
	@touch $@

$(POLICY_READY): requirements/policy.txt | $(READY)
	@$(VENV)/bin/uv venv --quiet --clear --python $(PY) $(POLICY)
	@$(VENV)/bin/uv pip sync --quiet --python $(POLICY)/bin/python requirements/policy.txt
	@touch $@

$(RIVAL_READY): requirements/rival.txt | $(READY)
	@$(VENV)/bin/uv venv --quiet --clear --python $(PY) $(RIVAL)
	@$(VENV)/bin/uv pip sync --quiet --python $(RIVAL)/bin/python requirements/rival.txt
	@touch $@
