"""Products of matrices are asked to be the same wherever in memory the matrices lie."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize(("given", "expected"), [(None, "AUTO,STRICT"), ("AVX2", "AVX2")])
def test_the_library_is_told_before_it_multiplies_and_a_users_word_counts(
    given: str | None, expected: str
) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "MKL_CBWR"}
    if given is not None:
        environment["MKL_CBWR"] = given
    code = "import gaussianmotion, os, sys; print(os.environ['MKL_CBWR'], 'torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [expected, "False"]
