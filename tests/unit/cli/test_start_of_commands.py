"""What a command imports before it computes: a job of seconds waits for what it uses only."""

import subprocess
import sys

import pytest

# Each takes from half a second to several to import.
SLOW = (
    *("torch", "scipy.stats", "scipy.sparse", "matplotlib", "pandas", "numba", "mlflow"),
    *("diffusers", "transformers", "open_clip", "torchvision", "sympy"),
)


@pytest.mark.parametrize(
    ("module", "needed"),
    [
        ("cli", set()),
        ("tracking", set()),
        ("tables.table1", {"pandas"}),
        ("rendering.sheet", set()),
        ("rendering.views", {"torch"}),
        ("scores.geometry.measurements", {"torch", "numba", "scipy.sparse"}),
        ("scores.distances.pooled", {"torch"}),
    ],
)
def test_a_command_imports_what_it_uses(module: str, needed: set[str]) -> None:
    code = (
        f"import sys; import gaussianmotion.{module}; "
        f"print(*[name for name in {SLOW} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= needed
