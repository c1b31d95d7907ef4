"""One score's result as a JSON file that says by itself what it is worth.

A number without its protocol, its N and its model cannot be compared with another one. A score
whose N is too small has no number: ``status`` says so, and the tables repeat the reason.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gaussianmotion.runtime.atomic import write_json
from gaussianmotion.runtime.digest import file_sha256
from gaussianmotion.runtime.errors import UserError


class Value(BaseModel):
    """One number of a score.

    Attributes:
        value: The number.
        unit: Its unit; empty for a share or a pure number.
        better: Which direction is better; ``none`` for a description such as a count.
        low: Lower end of its 95 % interval, where there is one.
        high: Upper end of that interval.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    value: float
    unit: str = ""
    better: Literal["higher", "lower", "none"] = "none"
    low: float | None = None
    high: float | None = None


class ScoreFile(BaseModel):
    """What one score found.

    Attributes:
        score: Its key in ``scores.names``.
        title: Its honest name with the model, as tables print it: "CLIP score, ViT-L-14 openai".
        protocol: Name and version of the protocol: "clip-1". A change that changes numbers is a new
            version.
        n: Number of pictures (or frames, or samples) that the values are of.
        model: Id of the model, empty where none is needed.
        model_digest: SHA-256 of its weights.
        status: ``too few`` where N does not allow a number; ``values`` is empty then.
        reason: Of that status, one line.
        values: By name.
        inputs: Path relative to the run or the experiment -> SHA-256.
        details: Whatever else a reader may want to know; plain JSON.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    score: str
    title: str
    protocol: str
    n: int
    model: str = ""
    model_digest: str = ""
    status: Literal["ok", "too few"] = "ok"
    reason: str = ""
    values: dict[str, Value] = Field(default_factory=dict)
    inputs: dict[str, str] = Field(default_factory=dict)
    details: dict[str, object] = Field(default_factory=dict)

    def write(self, path: Path) -> None:
        """Write it, atomically."""
        write_json(path, self.model_dump(mode="json"))


def read_score(path: Path) -> ScoreFile:
    """Read one score.

    Raises:
        UserError: the file is missing or is no score.
    """
    try:
        return ScoreFile.model_validate_json(Path(path).read_bytes())
    except FileNotFoundError:
        raise UserError(f"{path}: no such score; run the rule that makes it") from None
    except (OSError, ValidationError) as error:
        raise UserError(f"{path} is no score: delete it, it is made again") from error


def input_digests(paths: Iterable[Path], root: Path) -> dict[str, str]:
    """SHA-256 of each file, by its path relative to ``root``."""
    return {str(Path(path).relative_to(root)): file_sha256(path) for path in paths}
