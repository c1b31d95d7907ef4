"""Commands around the stages: schema, gsplat, tracking-init, log, log-experiment, sync, doctor."""

import argparse
import json
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path

from gaussianmotion.cli.arguments import (
    Commands,
    add_code,
    add_command,
    add_config,
    check_code,
    resolve_config,
    whole_number,
)
from gaussianmotion.config import Config, TrackingConfig
from gaussianmotion.pipeline.stages import STAGES
from gaussianmotion.records.run_folder import RunFolder
from gaussianmotion.runtime.atomic import write_json, write_text
from gaussianmotion.runtime.errors import UserError


def add_commands(commands: Commands) -> None:
    """Add the commands to the parser."""
    schema = add_command(commands, "schema", _schema, "write the JSON schema of config.yaml")
    schema.add_argument("--out", type=Path, default=Path("config/schema.json"), metavar="FILE")

    gsplat = add_command(commands, "gsplat", _gsplat, "compile the CUDA rasteriser, once")
    add_code(gsplat)
    gsplat.add_argument("--out", type=Path, metavar="FILE", help="JSON of what was compiled")
    gsplat.add_argument(
        "--or-cpu", action="store_true", help="without a compiler, let the CPU draw, and say so"
    )

    init = add_command(commands, "tracking-init", _tracking_init, "create the MLflow store")
    add_config(init)
    init.add_argument("--out", type=Path, required=True, metavar="FILE", help="JSON to write")

    log = add_command(commands, "log", _log, "log finished runs to MLflow")
    add_config(log)
    log.add_argument(
        "runs", type=Path, nargs="+", metavar="FOLDER", help="EXPERIMENT/VARIANT/PROMPT/SEED"
    )
    log.add_argument(
        "--out",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="JSON to write, one for each run (default: logged.json in its folder)",
    )
    log.add_argument(
        "--failures",
        type=whole_number(0, 1_000_000),
        nargs="+",
        metavar="N",
        help="how often each failed before, noted in its JSON (default: 0)",
    )

    for name, run, help_text in (
        ("log-parents", _log_parents, "log the variants' means"),
        ("log-experiment", _log_experiment, "log means, tables, figures and the report"),
    ):
        whole = add_command(commands, name, run, help_text)
        add_config(whole)
        whole.add_argument("root", type=Path, metavar="FOLDER", help="results/EXPERIMENT")
        whole.add_argument(
            "--runs",
            type=Path,
            nargs="+",
            metavar="FOLDER",
            help="the experiment's runs (default: all finished ones)",
        )
        whole.add_argument("--out", type=Path, required=True, metavar="FILE", help="JSON to write")
        _add_failures(whole)

    sync = add_command(commands, "sync", _sync, "log all finished runs that MLflow lacks")
    add_config(sync)

    doctor = add_command(commands, "doctor", _doctor, "say what this computer has and lacks")
    add_config(doctor)


def _add_failures(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--failures",
        type=whole_number(0, 1_000_000),
        default=0,
        metavar="N",
        help="how often this failed before, noted in the JSON (default: %(default)s)",
    )


def schema_text() -> str:
    """The JSON schema of the configuration, generated from its models."""
    schema = Config.model_json_schema()
    schema["title"] = "GaussianMotion experiment"
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _schema(options: argparse.Namespace) -> None:
    write_text(options.out, schema_text())


def _gsplat(options: argparse.Namespace) -> None:
    from gaussianmotion.splat.gsplat_build import build_gsplat

    check_code(options, STAGES["gsplat"])
    build = build_gsplat(options.or_cpu)
    print(build.absent or f"gsplat {build.gsplat}: compiled for {build.gpu}")
    if options.out is not None:
        write_json(options.out, asdict(build))


def _tracking(options: argparse.Namespace) -> TrackingConfig:
    from gaussianmotion import tracking

    return tracking.workflow_tracking() or resolve_config(options).tracking


def _tracking_init(options: argparse.Namespace) -> None:
    from gaussianmotion import tracking

    config = _tracking(options)
    away = tracking.fault_of_store(config)
    if away is not None:
        tracking.warn(away, "cannot be reached")
    facts = {"uri": tracking.store_uri(config), "reachable": away is None}
    facts["uri"] = tracking.without_password(str(facts["uri"]))
    write_json(options.out, facts)


def _log(options: argparse.Namespace) -> None:
    from gaussianmotion import tracking

    runs = options.runs
    outs = options.out or [RunFolder(run).logged for run in runs]
    failures = options.failures or [0] * len(runs)
    for name, given in (("--out", outs), ("--failures", failures)):
        if len(given) != len(runs):
            raise UserError(
                f"log: {name} has {len(given)} values for {len(runs)} runs; give one for each"
            )
    config = _tracking(options)
    for run in runs:
        tracking.identify(run)
    # Asked once: a store that does not answer would be waited for by each run.
    away = tracking.fault_of_store(config)
    for run, out, failed in zip(runs, outs, failures, strict=True):
        log = partial(tracking.mirror, run, config) if away is None else partial(_raise, away)
        tracking.write_logged(out, run, failed, log)


def _raise(error: Exception) -> str:
    raise error


def _log_parents(options: argparse.Namespace) -> None:
    from gaussianmotion import tracking

    config = _tracking(options)
    call = partial(tracking.log_parents, options.root, config, options.runs)
    tracking.write_logged(options.out, options.root, options.failures, call)


def _log_experiment(options: argparse.Namespace) -> None:
    from gaussianmotion import tracking

    config = _tracking(options)
    call = partial(tracking.log_experiment, options.root, config, options.runs)
    tracking.write_logged(options.out, options.root, options.failures, call)


def _sync(options: argparse.Namespace) -> int:
    from gaussianmotion import tracking

    config = resolve_config(options)
    done, failed = tracking.sync(config.results, config.tracking)
    print(f"{done} runs are in {tracking.without_password(tracking.store_uri(config.tracking))}")
    for folder, reason in failed:
        print(f"gaussianmotion: not logged: {folder}: {reason}", file=sys.stderr)
    return 2 if failed else 0


def _doctor(options: argparse.Namespace) -> int:
    from gaussianmotion.doctor import examine

    findings = examine(resolve_config(options))
    for finding in findings:
        print(finding.line())
    return 0 if all(finding.fine for finding in findings) else 2
