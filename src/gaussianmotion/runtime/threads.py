"""CPU threads of one job, fixed before any numerical library is imported.

Snakemake gives each job a number of threads; libraries that take all cores instead make parallel
jobs slower than serial ones.
"""

import os


def limit_threads(count: int) -> None:
    """Limit this process to ``count`` threads; call it before torch and numba are imported."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(count)
    os.environ["NUMBA_NUM_THREADS"] = str(count)
    # Two OpenMP pools (torch's and numba's) that spin while they wait make small scenes
    # ten times slower.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # A tokenizer that forks its own threads only warns here; prompts are few.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
