"""Which A/B pairs people see: chosen from an experiment's runs and imported baselines.

The paper shows "pairs of multiview and animated scenes", 30 pairs of its 30 prompts. Our reading:
each pair is of one prompt, one other system and one kind of clip, and the choice is balanced over
systems, kinds and prompts. Both sides of a pair are of the same form (two videos, or two sets of as
many views), so that the form does not say which system is which.
"""

import os
import random
from collections import Counter
from collections.abc import Collection
from pathlib import Path

from gaussianmotion.config import StudyConfig
from gaussianmotion.runtime.atomic import write_json
from gaussianmotion.runtime.digest import file_sha256
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.study.avatars import ShownAvatar, avatars, imported_systems
from gaussianmotion.study.pairs import Clip, Pair, PairSet, Side, study_id
from gaussianmotion.study.questions import KINDS, Kind


def choose_pairs(
    experiment: Path, out: Path, config: StudyConfig, seeds: Collection[int] = ()
) -> PairSet:
    """Choose the pairs of an experiment and write them.

    Args:
        experiment: ``results/EXPERIMENT``: runs in VARIANT/PROMPT/SEED, imported renders of other
            systems in baselines/SYSTEM/PROMPT. Of several seeds the smallest is shown.
        out: ``pairs.json`` to write.
        config: Which systems, how many pairs.
        seeds: Those of the experiment; others are shown only where there is none of these.

    Raises:
        UserError: a run is damaged, or two systems' sentences differ.
    """
    experiment = Path(experiment)
    against = config.against or imported_systems(experiment)
    if config.compared in against:
        raise UserError(f"study: against: {config.compared!r} is compared with itself; remove it")
    ours = avatars(experiment, config.compared, seeds)
    reason = ""
    if not ours:
        reason = f"no finished run of {config.compared}"
    elif not against:
        reason = "no other system: no baselines are imported and study.against names no variant"
    candidates = []
    missing = []
    for system in against:
        theirs = avatars(experiment, system, seeds)
        if not theirs:
            missing.append(system)
        for prompt_id in sorted(ours.keys() & theirs.keys()):
            candidates += _candidates(prompt_id, ours[prompt_id], theirs[prompt_id], out.parent)
    if not candidates and not reason:
        reason = f"no prompt has clips of both {config.compared} and {', '.join(against)}"
    pairs = _balanced(candidates, config.pairs, random.Random(config.seed))
    chosen = PairSet(
        study=study_id(pairs),
        experiment=experiment.resolve().name,
        compared=config.compared,
        reason=reason,
        missing=missing,
        pairs=pairs,
    )
    write_json(out, chosen.model_dump(mode="json"))
    return chosen


def _balanced(candidates: list[Pair], count: int, generator: random.Random) -> list[Pair]:
    """At most ``count`` pairs: systems and kinds in turn, each time the least seen prompt."""
    left = list(candidates)
    generator.shuffle(left)
    cells = list(dict.fromkeys((pair.sides[1].system, pair.kind) for pair in candidates))
    prompts: Counter[str] = Counter()
    motions: Counter[str] = Counter()
    chosen: list[Pair] = []
    while left and len(chosen) < count:
        for cell in cells:
            of_cell = [pair for pair in left if (pair.sides[1].system, pair.kind) == cell]
            if not of_cell or len(chosen) == count:
                continue
            pair = min(of_cell, key=lambda pair: (prompts[pair.prompt_id], motions[pair.motion]))
            # A prompt's other motions against the same system would be nearly the same pair.
            left = [
                other
                for other in left
                if (other.sides[1].system, other.kind, other.prompt_id) != (*cell, pair.prompt_id)
            ]
            prompts[pair.prompt_id] += 1
            motions[pair.motion] += 1
            chosen.append(pair)
    return [
        pair.model_copy(update={"id": f"pair-{number:02d}"})
        for number, pair in enumerate(chosen, start=1)
    ]


def _candidates(prompt_id: str, ours: ShownAvatar, theirs: ShownAvatar, start: Path) -> list[Pair]:
    """All pairs of two systems' avatars of one prompt."""
    if theirs.prompt and theirs.prompt != ours.prompt:
        raise UserError(
            f"study: {theirs.system} made {prompt_id} of another sentence ({theirs.prompt[:60]!r}) "
            f"than {ours.system} ({ours.prompt[:60]!r}); make or import it anew"
        )
    forms: list[tuple[Kind, str, list[Path], list[Path]]] = []
    if ours.turntable and theirs.turntable:
        forms.append((KINDS[0], "", [ours.turntable], [theirs.turntable]))
    elif ours.views and len(ours.views) == len(theirs.views):
        forms.append((KINDS[0], "", ours.views, theirs.views))
    for motion in sorted(ours.motions.keys() & theirs.motions.keys()):
        forms.append((KINDS[1], motion, [ours.motions[motion]], [theirs.motions[motion]]))
    return [
        Pair(
            id="",
            prompt_id=prompt_id,
            prompt=ours.prompt,
            kind=kind,
            motion=motion,
            sides=(_side(ours.system, mine, start), _side(theirs.system, other, start)),
        )
        for kind, motion, mine, other in forms
    ]


def _side(system: str, paths: list[Path], start: Path) -> Side:
    clips = [
        Clip(path=Path(os.path.relpath(path, start)).as_posix(), sha256=file_sha256(path))
        for path in paths
    ]
    return Side(system=system, clips=clips)
