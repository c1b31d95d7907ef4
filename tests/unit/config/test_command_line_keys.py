"""``--config key=value`` of snakemake, as it was written."""

import pytest

from gaussianmotion.config.command_line import check_overrides
from gaussianmotion.runtime.errors import UserError


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--config", "experiment=a", "experiment=b"], "experiment is given twice, as 'a' and as"),
        (["--config", "seeds=[1]", "--cores", "1", "-C", "seeds=[2]"], "seeds is given twice"),
        (["--config=threads=1", "--config", "threads=2"], "threads is given twice"),
        (["--config", "prompt="], "prompt has no value; write prompt=VALUE, or leave it out"),
        (["--config", "prompt=  "], "prompt has no value"),
        (["--config", "experiment=1e3"], "experiment=1e3 as a number, .* experiment=run-1e3"),
        (["--config", "prompt=7"], "prompt=7 as a number"),
        (["--config", "train={steps: 1, steps: 2}"], "train: the key 'steps' is written twice"),
    ],
)
def test_what_snakemake_would_read_as_something_else_is_refused(
    arguments: list[str], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        check_overrides(["snakemake", "--profile", "profiles/laptop", *arguments])


def test_other_command_lines_are_fine() -> None:
    check_overrides(["snakemake", "all", "--cores", "2"])
    check_overrides(
        ["--config", "experiment=run-1e3", "train={steps: 5}", "seeds=[0, 1]", "-n", "a=b", "a=b"]
    )
    check_overrides(["--config", "threads=1", "scale=small", "prompt=a man: tall"])
