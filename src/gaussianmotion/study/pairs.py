"""The pairs of a study and their file: ``pairs.json``.

A study is its pairs and their clips: when a clip changes, votes about the earlier one must not be
counted for the new one. So every clip has its digest here, and their digest names the study.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from gaussianmotion.runtime.digest import file_sha256
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.study.questions import Kind

VIDEO = ".mp4"
PICTURE = ".png"


class Clip(BaseModel):
    """One file; its path is relative to the folder of ``pairs.json``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str
    sha256: str


class Side(BaseModel):
    """What one system shows: one video, or the views around its avatar in order."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    system: str
    clips: list[Clip]


class Pair(BaseModel):
    """Two systems, one prompt, one kind of clip.

    Attributes:
        motion: Name of the animation; empty for a multi-view pair.
        sides: The compared system first; who sees which as A is drawn for each person.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    prompt_id: str
    prompt: str
    kind: Kind
    motion: str = ""
    sides: tuple[Side, Side]

    @property
    def form(self) -> str:
        """``video`` or ``views``."""
        return "video" if self.sides[0].clips[0].path.endswith(VIDEO) else "views"


class PairSet(BaseModel):
    """All pairs of a study.

    Attributes:
        study: Digest of the pairs and of all their files: other clips are another study.
        reason: Why there are no pairs; empty where there are some.
        missing: Systems that were asked for, but have nothing to show.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1] = 1
    study: str
    experiment: str
    compared: str
    reason: str = ""
    missing: list[str] = []
    pairs: list[Pair]

    def pair(self, pair_id: str) -> Pair | None:
        """The pair of that id."""
        return next((pair for pair in self.pairs if pair.id == pair_id), None)


def study_id(pairs: Iterable[Pair]) -> str:
    """Twelve digits of the pairs' digest; where the files are does not matter."""
    facts = [
        [
            [pair.id, pair.prompt_id, pair.prompt, pair.kind, pair.motion],
            [[side.system, [clip.sha256 for clip in side.clips]] for side in pair.sides],
        ]
        for pair in pairs
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]


def read_pairs(path: Path) -> PairSet:
    """Read the pairs of a study.

    Raises:
        UserError: the file is missing, damaged, or was edited by hand.
    """
    try:
        pairs = PairSet.model_validate_json(Path(path).read_bytes())
    except FileNotFoundError:
        raise UserError(
            f"{path}: no such file; `gaussianmotion study pairs --experiment FOLDER` makes it"
        ) from None
    except (OSError, ValidationError) as error:
        raise UserError(
            f"{path} does not describe pairs; delete it and make it again with "
            "`gaussianmotion study pairs`"
        ) from error
    if pairs.study != study_id(pairs.pairs):
        raise UserError(
            f"{path} was changed by hand: its pairs are not those of study {pairs.study}; make it "
            "again with `gaussianmotion study pairs`"
        )
    return pairs


def clip_files(pairs: PairSet, folder: Path) -> dict[str, list[list[Path]]]:
    """The files of each pair, by pair id and side, each checked against its digest.

    Args:
        pairs: The study.
        folder: Where ``pairs.json`` is.

    Raises:
        UserError: a file is missing, changed, or no clip.
    """
    known: dict[Path, str] = {}
    return {
        pair.id: [[_checked(clip, folder, known) for clip in side.clips] for side in pair.sides]
        for pair in pairs.pairs
    }


def _checked(clip: Clip, folder: Path, known: dict[Path, str]) -> Path:
    path = (folder / clip.path).resolve()
    if path.suffix not in (VIDEO, PICTURE):
        raise UserError(f"{path} is neither a {VIDEO} nor a {PICTURE}; make the pairs again")
    if path not in known:
        try:
            known[path] = file_sha256(path)
        except OSError:
            raise UserError(
                f"{path} is missing or cannot be read: bring it back, or choose pairs again with "
                "`gaussianmotion study pairs`"
            ) from None
    if known[path] != clip.sha256:
        raise UserError(
            f"{path} has changed since the pairs were chosen; choose them again with "
            "`gaussianmotion study pairs` (votes given until now stay, as another study's)"
        )
    return path
