# The project's verbs; `make` alone lists them.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help env demo test check ui lock clean-demo gpu-check gpu-wheels

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3,$(shell command -v $(name))))

# TORCH=cu126 takes torch of another CUDA version, for older drivers and GPUs, TORCH=cpu the small one
# without any; later calls keep to it. GPU=toolkit adds the compiler that gsplat needs. docs/how-to/gpus.md
BUILT := $(shell cat $(VENV)/.torch 2>/dev/null)
TORCH ?= $(BUILT)
ifneq ($(TORCH),$(BUILT))
.PHONY: other-torch
$(STAMP): other-torch
endif

# PROMPT reaches the program through the environment, as it was written: no shell reads it. A PROMPT
# that the environment holds for other reasons (some shells) is not meant.
unexport PROMPT
ifeq ($(origin PROMPT),command line)
export GAUSSIANMOTION_PROMPT = $(value PROMPT)
endif

help: ## list these verbs
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | while IFS=$$'\t' read -r verb text; do printf '  make %-8s %s\n' "$$verb" "$$text"; done

env: $(STAMP) $(if $(filter toolkit,$(GPU)),$(VENV)/.toolkit) ## make .venv with everything in it (once, a few minutes); on GPUs: docs/how-to/gpus.md

demo: env ## three avatars on this computer; PROMPT="a man in a green suit" for your own
	@$(BIN)/gaussianmotion demo

# After a process of the tests went down, pytest-xdist would wait for its tests for ever: it ends.
test: env ## all tests, on all cores
	@$(BIN)/pytest -n auto --maxprocesses 8 --dist loadfile --no-loadscope-reorder --max-worker-restart 0

check: env ## style, types, layers, workflow lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/snakefmt --check Snakefile rules
	$(BIN)/snakemake --lint --profile profiles/laptop

ui: env ## training curves, pictures and comparisons in the browser (MLflow); PORT=5001 for another port
	@$(BIN)/gaussianmotion ui --port $(or $(PORT),5000)

gpu-check: env ## what only a GPU can tell, in ten minutes: results/gpu_check/gpu_check.md
	@$(BIN)/python benchmarks/gpu_check

# What benchmarks/gpu_check needs on a machine that has torch, transformers and numba, but no network.
WHEELS ?= .wheels
CHECK_NEEDS := diffusers pillow requests certifi urllib3 charset-normalizer gsplat smplx jaxtyping wadler-lindig pydantic pydantic-core annotated-types typing-inspection rich markdown-it-py mdurl pygments ninja importlib-metadata zipp
gpu-wheels: env ## gather wheels for the check on a bare GPU machine (docs/how-to/gpus.md)
	grep -E "^($$(echo $(CHECK_NEEDS) | tr ' ' '|'))==" requirements.lock | sed 's/ ;.*//' > $(VENV)/requirements-gpu-check.txt
	$(BIN)/python -m pip download --quiet --no-deps --only-binary=:all: --python-version 3.12 --implementation cp --platform manylinux_2_28_x86_64 --platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64 -d $(WHEELS) -r $(VENV)/requirements-gpu-check.txt

lock: env ## write requirements.lock and envs/ anew from pyproject.toml
	$(firstword $(shell command -v uv) $(BIN)/uv) pip compile pyproject.toml --all-extras --universal --python-version 3.11 --custom-compile-command "make lock" --no-annotate --no-emit-index-url --no-emit-find-links -q -o requirements.lock
	$(firstword $(shell command -v uv) $(BIN)/uv) pip compile --group toolkit --constraints requirements.lock --universal --python-version 3.11 --custom-compile-command "make lock" --no-annotate --no-emit-index-url --no-emit-find-links -q -o requirements-toolkit.lock
	sed -i.bak '/^ *- pip:/,$$d' envs/gaussianmotion.yaml && rm envs/gaussianmotion.yaml.bak
	{ echo '  - pip:'; grep -v '^#' requirements.lock | sed "s/^/      - \"/; s/$$/\"/"; } >> envs/gaussianmotion.yaml

# uv, not pip: it takes torch and torchvision as a matching pair from one place. hpsv2 is what a test
# compares our HPSv2 with; it pins libraries of 2023 that nothing else could be installed with.
$(STAMP): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "make: Python 3.11 or 3.12 is needed; install it, or name it with PYTHON=/path/to/python3.11" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' || { echo "make: $(PYTHON) is not Python 3.11 or 3.12; name one with PYTHON=/path/to/python3.11" >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@if command -v uv >/dev/null; then uv=uv; else test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet uv; uv=$(BIN)/uv; fi; \
	  set -e; \
	  PYTHONPATH=src $(PYTHON) -m gaussianmotion.runtime.driver $(if $(TORCH),$(TORCH),$$(sed -n 's/^cuda-toolkit==\([0-9.]*\).*/\1/p' requirements.lock)); \
	  echo "installing $$(grep -c == requirements.lock) packages (some GB the first time)"; \
	  lock=requirements.lock; other=; \
	  if test -n "$(TORCH)"; then \
	    lock=$(VENV)/requirements-$(TORCH).txt; \
	    grep -vE '^(nvidia-|cuda-|triton)' requirements.lock > $$lock; \
	    other="--torch-backend $(TORCH) --reinstall-package torch --reinstall-package torchvision"; \
	  fi; \
	  $$uv pip install --python $(BIN)/python --compile-bytecode $$other -r $$lock; \
	  $$uv pip install --python $(BIN)/python --no-deps -e .; \
	  $$uv pip install --python $(BIN)/python --no-deps hpsv2==1.2.0
	@echo "$(TORCH)" > $(VENV)/.torch
	@touch $(STAMP)

$(VENV)/.toolkit: requirements-toolkit.lock $(STAMP)
	@test -z "$(TORCH)" || { echo "make: GPU=toolkit is the compiler of the usual torch; for TORCH=$(TORCH) install the CUDA toolkit of that version, and name its folder in CUDA_HOME" >&2; exit 2; }
	$(firstword $(shell command -v uv) $(BIN)/uv) pip install --python $(BIN)/python -r requirements-toolkit.lock
	@touch $@
