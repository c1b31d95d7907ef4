"""``run.json``: how an avatar came about; the last file of a training."""

from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from gaussianmotion.records.record import Record
from gaussianmotion.records.run_folder import RunFolder


class RunRecord(Record):
    """How an avatar was trained, or whose imported pictures these are.

    All of it may be missing: records of imported pictures have the first five, and earlier versions
    wrote less.

    Attributes:
        prompt_id: Of the prompt list.
        prompt: The sentence.
        system: The other system whose pictures these are.
        source: Where they come from.
        licence: Under which they were given.
        seed: Of everything random.
        digest: Of all that decides the avatar.
        body_id: Name and hash of the body.
        steps: Of the training.
        gaussians: How many the avatar has.
        seconds: Of the training, over all its processes.
        final: Mean losses at its end, by name.
        unknown_words: Words of the prompt that the prior never saw.
        prior_weights: Digest of the prior's weights.
        device: Name of the GPU, or "cpu".
        precision: Of the prior: "float32".
        engine: What ran the prior: "torch", or "openvino" and its version.
        threads: Of the CPU.
        code: Digest of the code that ran.
        finished_at: ISO time.
        git_commit: Of the code.
        versions: Of Python and libraries, by name.
        config: The settings of the training.
        trained_as: VARIANT/PROMPT/SEED of the training that this is a copy of.
    """

    ABSENT: ClassVar[str] = "train it first"
    AGAIN: ClassVar[str] = "delete it, and that run is made again, or import those pictures again"

    prompt_id: str = ""
    prompt: str = ""
    system: str = ""
    source: str = ""
    licence: str = ""
    seed: int | None = None
    digest: str = ""
    body_id: str = ""
    steps: int | None = None
    gaussians: int | None = None
    seconds: float | None = None
    final: dict[str, float | None] = Field(default_factory=dict)
    unknown_words: list[str] = Field(default_factory=list)
    prior_weights: str = ""
    device: str = ""
    precision: str = ""
    engine: str = ""
    threads: int | None = None
    code: str = ""
    finished_at: str = ""
    git_commit: str = ""
    versions: dict[str, str] = Field(default_factory=dict)
    config: dict[str, Any] = Field(default_factory=dict)
    trained_as: str = ""

    def trained_with(self, key: str) -> Any:
        """What the avatar was trained with; None where the record does not say.

        Args:
            key: Dotted, below ``train``: ``score.tau``.
        """
        value: Any = self.config.get("train")
        for name in key.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        return value

    @property
    def prior(self) -> dict[str, Any]:
        """The prior's part of the settings."""
        prior = self.config.get("prior")
        return prior if isinstance(prior, dict) else {}

    @property
    def is_known(self) -> bool:
        """Whether it says anything: :func:`known_run` of an unfinished run does not."""
        return bool(self.model_fields_set)


def known_run(folder: Path) -> RunRecord:
    """The record in a run's folder, for pages that show what there is.

    One that says nothing where the run is not finished or the file is damaged.
    """
    return RunRecord.find(RunFolder(folder).record) or RunRecord()
