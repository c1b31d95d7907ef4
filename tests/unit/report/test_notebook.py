"""The notebook of the ablations runs on any experiment's results, and is kept without outputs."""

from pathlib import Path

import nbformat
import pytest
from made_experiment import make_experiment

from gaussianmotion.cli import main
from gaussianmotion.report.notebook import execute_notebook
from gaussianmotion.runtime.errors import UserError

SOURCE = Path(__file__).parents[3] / "notebooks/ablations.ipynb"


def test_the_source_has_no_outputs() -> None:
    for cell in nbformat.read(SOURCE, as_version=4).cells:
        assert not cell.get("outputs"), cell.source
        assert cell.get("execution_count") is None


@pytest.mark.slow
def test_it_compares_the_variants_of_an_experiment(tmp_path: Path) -> None:
    root = tmp_path / "made"
    make_experiment(root)
    out = root / "notebook.ipynb"
    assert main(["notebook", str(SOURCE), "--root", str(root), "--out", str(out)]) == 0
    cells = nbformat.read(out, as_version=4).cells
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output.output_type == "error"]
    assert not [output for output in outputs if output.get("name") == "stderr"]
    text = "".join(output.get("data", {}).get("text/html", "") for output in outputs)
    assert "tau_500" in text
    assert "0 of 9" in text  # ours has the least noise of the made-up numbers
    assert "too few" in text
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(pictures) >= 5  # three values, tau, curves
    said = [output.data["text/markdown"] for output in outputs if "text/markdown" in output.data]
    assert "**Not in this experiment.**" in said  # no variants of Fig. 7


def test_a_cell_that_fails_is_one_line_and_writes_nothing(tmp_path: Path) -> None:
    broken = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")])
    source = tmp_path / "broken.ipynb"
    nbformat.write(broken, source)
    with pytest.raises(UserError, match=r"ZeroDivisionError: division by zero"):
        execute_notebook(source, tmp_path, tmp_path / "out.ipynb")
    assert not (tmp_path / "out.ipynb").exists()


@pytest.mark.parametrize("content", [None, "no notebook", '{"cells": 3}'])
def test_what_is_no_notebook_is_refused(tmp_path: Path, content: str | None) -> None:
    source = tmp_path / "source.ipynb"
    if content is not None:
        source.write_text(content)
    with pytest.raises(UserError, match=r"no such notebook|is no notebook"):
        execute_notebook(source, tmp_path, tmp_path / "out.ipynb")
