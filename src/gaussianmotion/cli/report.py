"""What is read in the end: figures, the report, the executed notebook."""

import argparse
import sys
from pathlib import Path

from gaussianmotion.cli.arguments import (
    Commands,
    add_code,
    add_command,
    add_stage,
    check_code,
    file_named,
    resolve_stage,
)
from gaussianmotion.cli.device import device_of, leased_gpu
from gaussianmotion.config.experiment import GridKeys
from gaussianmotion.figures.grid import FIGURES
from gaussianmotion.pipeline.grid import Grid, configured_grid, found_grid
from gaussianmotion.pipeline.stage import Settings, Stage
from gaussianmotion.pipeline.stages import STAGES


def add_commands(commands: Commands) -> None:
    """Add figure, report and notebook to the parser."""
    figure = add_command(commands, "figure", _figure, "draw one of the paper's figures 3-7")
    add_stage(figure)
    figure.add_argument("figure", choices=FIGURES)
    _add_root(figure)
    figure.add_argument(
        "--out", type=Path, required=True, metavar="STEM", help="writes STEM.png and STEM.pdf"
    )

    report = add_command(commands, "report", _report, "write one self-contained page of results")
    add_stage(report)
    _add_root(report)
    report.add_argument(
        "--out", type=file_named(".html"), required=True, metavar="FILE", help="HTML to write"
    )

    notebook = add_command(commands, "notebook", _notebook, "execute a notebook on the results")
    add_code(notebook)
    notebook.add_argument("notebook", type=Path, metavar="FILE", help=".ipynb to execute")
    _add_root(notebook)
    notebook.add_argument("--out", type=Path, required=True, metavar="FILE", help=".ipynb to write")


def _add_root(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--root",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="results of an experiment, for example results/laptop",
    )


def _figure(options: argparse.Namespace) -> None:
    config, grid = _settings_and_grid(options, STAGES["figures"])
    with leased_gpu(config) as leased:
        from gaussianmotion.figures.draw import draw_figure

        draw_figure(
            options.figure,
            options.root,
            grid,
            config,
            options.out,
            device=device_of(config, leased),
        )
    print(f"figure: {options.out}.png, {options.out}.pdf", file=sys.stderr)


def _report(options: argparse.Namespace) -> None:
    config, grid = _settings_and_grid(options, STAGES["report"])
    from gaussianmotion.report.page import write_report

    size = write_report(options.root, grid, config, options.out)
    print(f"report: {options.out} ({size / 1e6:.1f} MB)", file=sys.stderr)


def _notebook(options: argparse.Namespace) -> None:
    check_code(options, STAGES["notebook"])
    from gaussianmotion.report.notebook import execute_notebook

    execute_notebook(options.notebook, options.root, options.out)
    print(f"notebook: {options.out}", file=sys.stderr)


def _settings_and_grid(
    options: argparse.Namespace, stage: Stage[Settings]
) -> tuple[Settings, Grid]:
    """A stage's settings and their grid; without a configuration, what is found in the folder."""
    if options.settings or options.config or options.set:
        settings = resolve_stage(options, stage)
        assert isinstance(settings, GridKeys)
        return settings, configured_grid(settings, options.root)
    check_code(options, stage)
    return stage.settings(), found_grid(options.root)
