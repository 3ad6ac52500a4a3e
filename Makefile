# Every target below does its own set-up first: `make demo` on a bare machine is enough.
#   PYTHON=python3.12   the interpreter for a new .venv (default: the first one that is >= 3.11)
#   PROMPT="..."        what `make demo` shows
# Paths here are relative and quoted: the checkout may lie in a folder with spaces in its name.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

EXTRAS  := data,curate,training,metric,space,test,dev
NEED_GB := 3
PY      := .venv/bin/python

# The stamp's name says what was installed, and where: editing a requirement or moving the folder
# asks for another stamp, touching a file does not. It is written last, so an interrupted set-up
# leaves none.
KEY   := $(shell { pwd -P; echo '$(EXTRAS)'; cat pyproject.toml constraints.txt; } | cksum | tr ' ' -)
STAMP := .venv/.installed-$(KEY)

# A prompt may hold quotes, dollar signs and spaces: it travels unexpanded, in the environment,
# where demo.py looks for it.
override PROMPT := $(value PROMPT)
export PROMPT

# 3.11 first: constraints.txt was made with it.
PYTHONS     = $(if $(PYTHON),"$(PYTHON)",python3.11 python3.12 python3.13 python3)
FIND_PYTHON = for p in $(PYTHONS); do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done

.PHONY: help setup ffmpeg demo test check nano bench clean

help:
	@echo 'make demo    generate a clip with the nano model; PROMPT="..." asks for your own'
	@echo 'make test    run every test'
	@echo 'make check   lint, formatting and types'
	@echo 'make nano    train the nano model again from an empty folder (hours)'
	@echo 'make bench   measure speed and obedience'
	@echo 'make setup   only install what the other targets need, into .venv'
	@echo 'make clean   remove .venv, caches and out/'

setup: ffmpeg $(STAMP)

ffmpeg:
	@command -v ffmpeg >/dev/null || { \
	  sudo=; [ "$$(id -u)" = 0 ] || sudo='sudo -n'; \
	  if command -v apt-get >/dev/null && $$sudo true 2>/dev/null; then \
	    echo 'setup: installing FFmpeg with apt-get'; \
	    export DEBIAN_FRONTEND=noninteractive; \
	    { $$sudo apt-get update -qq; \
	      $$sudo apt-get install -y -qq --no-install-recommends ffmpeg; } >/dev/null 2>&1 || :; \
	  fi; \
	  command -v ffmpeg >/dev/null || { \
	    echo 'setup: FFmpeg is missing and could not be installed here; install it (Debian: apt-get install ffmpeg) and run make again' >&2; \
	    exit 1; }; }

$(STAMP): | ffmpeg
	@free=$$(df -Pk . | awk 'NR == 2 { print int($$4 / 1048576) }'); \
	[ -d .venv/lib ] || [ "$$free" -ge $(NEED_GB) ] || { \
	  echo "setup: $$free GB free on this disk; the packages need at least $(NEED_GB) GB" >&2; exit 1; }
	@$(PY) -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  python=$$($(FIND_PYTHON)); \
	  [ -n "$$python" ] || { \
	    echo 'setup: no Python 3.11 or newer found (tried: $(subst ",,$(PYTHONS))); name one with make PYTHON=/path/to/python' >&2; \
	    exit 1; }; \
	  echo "setup: making .venv with $$python"; \
	  "$$python" -m venv --clear .venv || { \
	    echo "setup: $$python cannot make a virtual environment (Debian: apt-get install python3-venv)" >&2; \
	    exit 1; }; }
	@echo 'setup: installing packages into .venv (some minutes the first time)'
	@rm -f .venv/.installed-*
	@$(PY) -m pip install -qq --disable-pip-version-check -c constraints.txt -e '.[$(EXTRAS)]' || { \
	  echo 'setup: pip could not install the packages; its own message is above' >&2; exit 1; }
	@$(PY) -c 'import torchcodec.decoders' 2>/dev/null || { \
	  echo 'setup: torchcodec cannot load the FFmpeg libraries of this system (it needs FFmpeg 4 to 8 with shared libraries)' >&2; \
	  exit 1; }
	@touch $(STAMP)

demo: setup
	@$(PY) demo.py

test: setup
	@echo 'test: every test, in parallel on this machine'"'"'s cores, one thread each'
	@$(PY) -m pytest -n logical --maxprocesses 4 --dist loadfile

check: setup
	@echo 'check: ruff (lint, formatting), mypy (types)'
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy

# The recipe is in the YAML file, simulated clips included. It goes on where it was stopped.
nano: setup
	@echo 'nano: training in out/train/nano, then the model goes to out/microverse-nano'
	@$(PY) -m training.cli train training/configs/nano.yaml
	@$(PY) -m training.cli export training/configs/nano.yaml --to out/microverse-nano

# Clips of another seed than those that the model was trained on.
bench: setup
	@echo 'bench: clips per second of the simulator at 128 px and 33 frames'
	@$(PY) tests/benchmarks/bench_simulate.py --total 120
	@echo 'bench: obedience of model_cards/microverse-nano on held-out captions'
	@$(PY) -m dataset_scripts.microsim_10k.cli simulate --clips 3000 --size 64 --frames 17 \
	  --seed 2 --overwrite --out out/bench/microsim-10k
	@$(PY) -m training.cli measure model_cards/microverse-nano --data out/bench/microsim-10k \
	  --out out/bench/measure --card model_cards/microverse-nano

clean:
	rm -rf .venv out build .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
