"""Other systems' renders, brought by the user, checked and laid out as our own runs.

Nobody can train most of the systems of Table 1 any more, and numbers of other papers follow other
protocols; but whoever has renders can have them scored as ours are. ``docs/how-to/baselines.md``
has the layout: for each prompt of the list a folder named by its id with the multi-view set
``00.png ...`` (azimuths from -180 degrees on, as ours), and ``manifest.yaml`` that says whose they
are.

Everything is checked before anything is written: a mistake is one line that names the file.
"""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gaussianmotion.camera import turntable_azimuths
from gaussianmotion.comparisons.check import Manifest, check_renders, videos
from gaussianmotion.config.stages import BaselineRender
from gaussianmotion.pipeline.prompts import Prompt
from gaussianmotion.records.picture_records import ViewsRecord
from gaussianmotion.records.run_folder import FRONT, RunFolder, view_name
from gaussianmotion.records.run_record import RunRecord
from gaussianmotion.runtime.atomic import atomic_path, forget_killed, temporary_of
from gaussianmotion.runtime.errors import UserError


def import_baseline(
    system: str,
    renders: Path,
    prompts: Mapping[str, Prompt],
    config: BaselineRender,
    out: Path,
) -> Path:
    """Check a system's renders and copy them.

    Args:
        system: Its name in the configuration.
        renders: The folder that the user brought.
        prompts: The experiment's, by id.
        config: Size, number of azimuths and background of the protocol's pictures.
        out: ``ROOT/baselines/SYSTEM/imported.json``, written last; each prompt becomes a folder
            beside it that looks like a run's: ``views/``, ``front.png``, ``views.json`` and
            ``run.json``.

    Returns:
        ``out``.

    Raises:
        UserError: something is missing, superfluous, damaged, or of the wrong kind (the first one);
            or the copies would replace something else.
    """
    size = config.size
    azimuths = [float(angle) for angle in turntable_azimuths(config.views)]
    manifest, digests = check_renders(system, renders, prompts, size, azimuths, config.background)
    _refuse_place(renders, out.parent, prompts)

    forget_killed(out.parent / "renders")
    staging = temporary_of(out.parent / "renders")
    # Around all of it, so that a full disk or a folder of someone else's is told in one line.
    with atomic_path(out) as imported:
        try:
            for prompt in prompts.values():
                new = RunFolder(staging / "new" / prompt.id)
                _lay_out(renders / prompt.id, new, manifest, prompt, size)
            out.unlink(missing_ok=True)  # while pictures of two imports stand side by side
            (staging / "old").mkdir()
            for prompt_id in prompts:
                target = out.parent / prompt_id
                if target.exists():
                    os.replace(target, staging / "old" / prompt_id)
                os.replace(staging / "new" / prompt_id, target)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        facts = {**manifest.model_dump(), "size": size, "sha256": digests}
        imported.write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return out


def _refuse_place(renders: Path, folder: Path, prompts: Mapping[str, Prompt]) -> None:
    """Never write among what the user brought, nor over a folder that is no import."""
    brought, place = renders.resolve(), folder.resolve()
    if brought.is_relative_to(place) or place.is_relative_to(brought):
        raise UserError(
            f"{renders} and {folder} lie in each other, and the copies would replace the renders: "
            "move the renders out of the results"
        )
    for prompt_id in prompts:
        target = folder / prompt_id
        if target.exists() and not RunFolder(target).views_record.is_file():
            raise UserError(
                f"{target} is in the way, and is no earlier import: move it, or import elsewhere"
            )


def _lay_out(source: Path, run: RunFolder, manifest: Manifest, prompt: Prompt, size: int) -> None:
    """One prompt as a run's folder."""
    views, target = [], run.path
    for index, azimuth in enumerate(manifest.azimuths):
        name = view_name(index)
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / f"{index:02d}.png", target / name)
        views.append({"file": name, "azimuth": azimuth})
    front = min(views, key=lambda view: abs(float(str(view["azimuth"]))))
    shutil.copyfile(target / str(front["file"]), run.front)
    for video in videos(source):
        copy = target / video.relative_to(source)
        copy.parent.mkdir(exist_ok=True)
        shutil.copyfile(video, copy)
    facts: dict[str, Any] = {
        "prompt_id": prompt.id,
        "prompt": prompt.text,
        "system": manifest.system,
        "source": manifest.source,
        "licence": manifest.licence,
    }
    RunRecord.model_validate(facts).write(run.record)
    shown = {**facts, "size": size, "front": {**front, "file": FRONT}, "views": views}
    ViewsRecord.model_validate(shown).write(run.views_record)
