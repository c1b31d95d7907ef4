#!/usr/bin/env bash
# The check on a bare GPU machine: Python 3.11 or 3.12 with torch, transformers, numba and nvcc, no
# network. What it lacks lies as wheels in the folder WHEELS (make gpu-wheels).
set -euo pipefail
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
python3 -m pip install --quiet --no-index --no-deps --no-compile --target "$site" "${WHEELS:?names the folder of wheels}"/*.whl
PYTHONPATH="src:$site" python3 benchmarks/gpu_check "$@"
