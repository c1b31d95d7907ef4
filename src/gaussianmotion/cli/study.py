"""The user study as commands: choose pairs, serve them, export the votes, make Table 2."""

import argparse
import os
import sys
from pathlib import Path

from gaussianmotion.cli.arguments import (
    Commands,
    add_code,
    add_command,
    add_stage,
    check_code,
    resolve_stage,
    whole_number,
)
from gaussianmotion.pipeline.stages import STAGES
from gaussianmotion.records.experiment_folder import PAIRS, TABLES, VOTES, VOTES_DATABASE
from gaussianmotion.runtime.errors import UserError

DATABASE = "GAUSSIANMOTION_STUDY_DATABASE"


def add_commands(commands: Commands) -> None:
    """Add ``study`` with its own commands to the parser."""
    study = commands.add_parser(
        "study",
        help="the user study: pairs, serve, export, table",
        description="The user study of Table 2: people compare clips in a browser.",
    )
    verbs = study.add_subparsers(title="commands", metavar="COMMAND", required=True)

    pairs = add_command(verbs, "pairs", _pairs, "choose the A/B pairs of an experiment")
    add_stage(pairs)
    _add_experiment(pairs, required=True)
    pairs.add_argument("--out", type=Path, metavar="FILE", help=f"default: FOLDER/{PAIRS}")

    serve = add_command(verbs, "serve", _serve, "ask people: serve the pairs as a web page")
    _add_experiment(serve)
    serve.add_argument("--pairs", type=Path, metavar="FILE", help=f"default: FOLDER/{PAIRS}")
    _add_database(serve)
    serve.add_argument(
        "--host", default="127.0.0.1", help="0.0.0.0 lets other computers in (default: %(default)s)"
    )
    serve.add_argument(
        "--port",
        type=whole_number(0, 65535),
        default=8000,
        metavar="N",
        help="0: a free one (default: 8000)",
    )

    export = add_command(verbs, "export", _export, "write the votes as CSV")
    _add_experiment(export)
    _add_database(export)
    export.add_argument("--study", metavar="ID", help="where the database has several")
    export.add_argument("--out", type=Path, metavar="FILE", help=f"default: FOLDER/{VOTES}")
    export.add_argument("--pairs-out", type=Path, metavar="FILE", help="also write its pairs.json")

    table = add_command(verbs, "table", _table, "Table 2 from the votes")
    add_code(table)
    _add_experiment(table)
    table.add_argument("--pairs", type=Path, metavar="FILE", help=f"default: FOLDER/{PAIRS}")
    table.add_argument("--votes", type=Path, metavar="FILE", help=f"default: FOLDER/{VOTES}")
    table.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="default: FOLDER/tables/table2.csv; .md, .tex and .json go beside it",
    )


def _add_experiment(parser: argparse.ArgumentParser, required: bool = False) -> None:
    parser.add_argument(
        "--experiment",
        required=required,
        metavar="FOLDER",
        help="results/EXPERIMENT, or its name there",
    )


def _add_database(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--database",
        metavar="URL",
        help="SQLite file, or postgresql://USER:PASSWORD@HOST/NAME (default: the environment's "
        f"{DATABASE}, or FOLDER/{VOTES_DATABASE})",
    )


def _pairs(options: argparse.Namespace) -> None:
    from gaussianmotion.study.choice import choose_pairs

    config = resolve_stage(options, STAGES["study"])
    study = config.study
    if not study.against:
        study = study.model_copy(update={"against": list(config.baselines)})
    out = options.out or _file(options, PAIRS, "--out")
    seeds = {*config.seeds, *config.ablation.seeds}
    pairs = choose_pairs(_folder(options), out, study, seeds)
    print(
        f"study {pairs.study}: {pairs.reason or f'{len(pairs.pairs)} pairs'}: {out}",
        file=sys.stderr,
    )


def _serve(options: argparse.Namespace) -> None:
    pairs = options.pairs or _file(options, PAIRS, "--pairs")
    try:
        from gaussianmotion.study.serve import serve
    except ModuleNotFoundError as error:
        raise UserError(f"study serve needs {error.name}; install gaussianmotion[study]") from None
    serve(pairs, _database(options, pairs.parent), options.host, options.port)


def _export(options: argparse.Namespace) -> None:
    from gaussianmotion.runtime.atomic import write_json
    from gaussianmotion.study.votes import database_studies, database_votes, write_votes

    database = _database(options)
    out = options.out or _file(options, VOTES, "--out")
    studies = database_studies(database)
    chosen = options.study or _only_study(options, list(studies))
    if chosen not in studies:
        raise UserError(
            f"--study: {'no study ' + repr(chosen) if chosen else 'the database has several'}; "
            f"choose one of {', '.join(studies) or '(none)'}"
        )
    votes = database_votes(database, studies[chosen])
    write_votes(out, votes)
    if options.pairs_out:
        write_json(options.pairs_out, studies[chosen].model_dump(mode="json"))
    people = len({vote.person for vote in votes})
    print(f"study {chosen}: {len(votes)} votes of {people} people: {out}", file=sys.stderr)


def _only_study(options: argparse.Namespace, studies: list[str]) -> str | None:
    """The only study of a database, or that of the experiment's pairs."""
    from gaussianmotion.study.pairs import read_pairs

    if len(studies) == 1:
        return studies[0]
    if options.experiment is None or not (path := _folder(options) / PAIRS).is_file():
        return None
    return read_pairs(path).study


def _table(options: argparse.Namespace) -> None:
    check_code(options, STAGES["table2"])
    from gaussianmotion.study.pairs import read_pairs
    from gaussianmotion.study.table2 import table2
    from gaussianmotion.study.votes import read_votes
    from gaussianmotion.tables.files import write_table

    pairs = read_pairs(options.pairs or _file(options, PAIRS, "--pairs"))
    path = options.votes or _file(options, VOTES, "--votes")
    out = options.out or _file(options, f"{TABLES}/table2.csv", "--out")
    # A file that was asked for must be there; the experiment's own may not be there yet.
    table, reason = table2(
        pairs, read_votes(path, pairs) if options.votes or path.is_file() else None, str(path)
    )
    write_table(table, out)
    print(f"table 2: {reason or 'written'}: {out.with_suffix('.md')}", file=sys.stderr)


def _folder(options: argparse.Namespace) -> Path:
    """The experiment's folder, given as such or by its name in ``results``."""
    given = Path(options.experiment)
    for folder in (given, Path("results") / given):
        if folder.is_dir():
            return folder
    raise UserError(f"--experiment: no folder {given}, nor {Path('results') / given}")


def _file(options: argparse.Namespace, name: str, instead: str) -> Path:
    if options.experiment is None:
        raise UserError(f"give --experiment FOLDER, or {instead}")
    return _folder(options) / name


def _database(options: argparse.Namespace, folder: Path | None = None) -> str:
    """The database that is asked for, or that of an experiment's folder."""
    asked = options.database or os.environ.get(DATABASE)
    if asked:
        return str(asked)
    return str((folder or _file(options, PAIRS, "--database").parent) / Path(VOTES_DATABASE).name)
