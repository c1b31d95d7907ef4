"""Text alignment on a laptop: a small model of our own says how well the front view fits its text.

It is a CLIP network in size and kind only: trained by ``gaussianmotion synthesis alignment`` on
renders of dressed people, it knows sex, age, hair, garments and their colours, and nothing else.
Its numbers are never called CLIP scores, and are compared with its own only.

Protocol alignment-1: the picture ``front.png`` and the prompt as the user wrote it.

* ``alignment``: 100 cos of picture and prompt.
* ``rank``: share (percent) of the other descriptions that ship with the model, and that cannot be
  of the same person, which fit the picture worse than the prompt does; by chance 50.
* ``contrast``: the same among the prompt's own versions with one thing changed (another colour of
  a garment other than a hat, or of the hair; the other sex; colours exchanged): the mean over these
  things, so that twelve wrong colours count as much as one wrong sex; by chance 50.

A prompt of which nothing is understood gets no number. The model reads 32 tokens, about 28 words:
of a longer prompt its first words are scored, as many as fit, and table and report say so.
"""

from pathlib import Path

from gaussianmotion.config.evaluation import AlignmentWeights
from gaussianmotion.config.experiment import DeviceKeys
from gaussianmotion.scores.score import FRONT, Measure, OfRun, RunScore
from gaussianmotion.scores.score_file import ScoreFile, input_digests


class AlignmentSettings(DeviceKeys):
    """What it reads."""

    scores: AlignmentWeights = AlignmentWeights()


def _prepare(settings: AlignmentSettings, device: str) -> OfRun:
    from gaussianmotion.runtime.pictures import read_picture
    from gaussianmotion.scores.pictures.alignment_model import fit, load_alignment
    from gaussianmotion.scores.pictures.pictures import front_view

    folder = settings.scores.alignment_model
    model = load_alignment(folder, device)

    def of_run(run: Path) -> ScoreFile:
        picture, prompt = front_view(run)
        values, details = fit(model, read_picture(picture), prompt)
        return SCORE.file(
            values,
            n=1,
            model=f"{folder.name} in open_clip format",
            model_digest=model.digest,
            status="ok" if values else "too few",
            reason="" if values else "the model understands no word that it reads of the prompt",
            inputs=input_digests([picture], run),
            details=details,
        )

    return of_run


SCORE = RunScore(
    name="alignment",
    title="Text alignment (small model of our own)",
    protocol="alignment-1",
    looks_at=FRONT,
    settings=AlignmentSettings,
    ships=lambda config: [config.scores.alignment_model / "open_clip_model.safetensors"],
    measures=(
        Measure("alignment", "front view and prompt, 100 cos", "higher"),
        Measure("rank", "other descriptions that fit worse", "higher", "%", diagnostic=True),
        Measure("contrast", "the prompt with one thing changed fits worse", "higher", "%",
                diagnostic=True),
    ),
    prepare=_prepare,
    slow_start=True,  # open_clip is imported for seconds, the network computes for a moment
)  # fmt: skip
