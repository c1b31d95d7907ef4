"""Tables as commands: collect, table; and baseline, which brings other systems' renders in."""

import argparse
import sys
from pathlib import Path

from gaussianmotion.cli.arguments import Commands, add_command, add_stage, resolve_stage
from gaussianmotion.pipeline.stages import SCORE_TABLES, STAGES
from gaussianmotion.records.experiment_folder import ExperimentFolder


def add_commands(commands: Commands) -> None:
    """Add the commands to the parser."""
    collect = add_command(commands, "collect", _collect, "all scores of an experiment in one CSV")
    add_stage(collect)
    collect.add_argument("--root", type=Path, required=True, metavar="FOLDER")
    collect.add_argument(
        "--out", type=Path, metavar="FILE", help="default: tables/scores.csv in that folder"
    )

    table = add_command(commands, "table", _table, "make a table of the collected scores")
    add_stage(table)
    table.add_argument("name", choices=SCORE_TABLES)
    table.add_argument("--scores", type=Path, required=True, metavar="FILE", help="scores.csv")
    table.add_argument(
        "--out", type=Path, metavar="FILE", help="CSV to write; .md, .tex and .json go beside it"
    )

    baseline = add_command(
        commands, "baseline", _baseline, "check and import another system's renders"
    )
    add_stage(baseline)
    baseline.add_argument("system", help="its name, as in the manifest")
    baseline.add_argument("--renders", type=Path, required=True, metavar="FOLDER")
    baseline.add_argument("--prompts", type=Path, required=True, metavar="FILE")
    baseline.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="imported.json, beside the copies"
    )


def _collect(options: argparse.Namespace) -> None:
    config = resolve_stage(options, STAGES["collect"])
    from gaussianmotion.tables.collect import collect
    from gaussianmotion.tables.files import counted

    out = options.out or ExperimentFolder(options.root).scores_table
    frame = collect(config, options.root, out)
    values, scores = counted(len(frame), "value"), counted(len(config.scores.names), "score")
    print(f"tables: {values} of {scores}: {out}", file=sys.stderr)


def _table(options: argparse.Namespace) -> None:
    config = resolve_stage(options, STAGES[options.name])
    from gaussianmotion.tables.columns import read_scores
    from gaussianmotion.tables.files import write_table

    frame = read_scores(options.scores)
    out = options.out or options.scores.with_name(f"{options.name}.csv")
    if options.name == "table1":
        from gaussianmotion.tables.table1 import table1

        write_table(table1(frame, config), out)
    elif options.name == "win_rate":
        from gaussianmotion.tables.win_rate import win_rate_table

        write_table(win_rate_table(frame, config), out)
    elif options.name == "verdicts":
        from gaussianmotion.tables.verdicts.as_trained import verdicts_of

        # tables/scores.csv of the experiment's folder.
        write_table(verdicts_of(frame, config, options.scores.absolute().parents[1]), out)
    else:
        from gaussianmotion.tables.ablations import ablations_table

        write_table(ablations_table(frame, config), out)


def _baseline(options: argparse.Namespace) -> None:
    config = resolve_stage(options, STAGES["baseline"])
    from gaussianmotion.comparisons.imports import import_baseline
    from gaussianmotion.pipeline.prompts import read_prompts
    from gaussianmotion.tables.files import counted

    prompts = {prompt.id: prompt for prompt in read_prompts(options.prompts)}
    import_baseline(options.system, options.renders, prompts, config.render, options.out)
    found = counted(len(prompts), "prompt")
    print(f"baseline: {options.system}, {found}: {options.out}", file=sys.stderr)
