"""Has the avatar a face, and none on the back of its head? Protocol face-1.

Six close-ups of the standing avatar's head at eye level, from azimuths -20, 0 and 20 degrees and,
as a control, from behind (160, 180, 200), on the plain background at 192 pixels. A face landmark
model that never saw this project's pictures (MediaPipe's face mesh) says of each whether there is a
face.

* face_front: share of the close-ups from in front in which a face is found.
* face_back: the same from behind, where there should be none. Without it a pattern that the model
  takes for a face would count, and so would a Janus.
* face_presence: the model's mean belief from in front: tells avatars apart whose share is the same.

Of true renders of people that no training saw, a face is found in 46 of 46 that look at the camera
as avatars do here, in 94 of 100 from in front (the others bow their heads, or have a hat or hair
before the eyes) and in none of 100 from behind: ceiling and floor (``benchmarks/face_ceiling.py``).
The model asks for eyes, nose and mouth where they belong, not for skill: the mannequin's face,
painted with two dots and a line, is found, too. It cannot say whose face it is, nor whether it is
well drawn. Of an avatar that was trained with ``train.face.contrast`` it says that the marks of a
face are in their place and not covered, and nothing of what the prior draws.
"""

from pathlib import Path

from gaussianmotion.scores.face.settings import MODEL_PATH, FaceSettings
from gaussianmotion.scores.score import AVATAR, Measure, OfRun, RunScore
from gaussianmotion.scores.score_file import ScoreFile, input_digests


def _prepare(settings: FaceSettings, device: str) -> OfRun:
    import torch

    from gaussianmotion.rendering.subject import load_subject
    from gaussianmotion.scores.face.close_ups import measure
    from gaussianmotion.scores.face.detector import FaceDetector

    detector = FaceDetector(MODEL_PATH, torch.get_num_threads())

    def of_run(run: Path) -> ScoreFile:
        path = run / AVATAR[0]
        values, details = measure(load_subject(path, device), detector, settings)
        return SCORE.file(
            values,
            n=len(details["presence"]),
            model=detector.id.partition(":")[0],
            model_digest=detector.digest,
            inputs=input_digests([path], run),
            details=details,
        )

    return of_run


_CEILING = "true renders of people have 1.00 from in front and 0.00 from behind"
SCORE = RunScore(
    name="face",
    title="Faces found, MediaPipe face mesh",
    protocol="face-1",
    looks_at=AVATAR,
    settings=FaceSettings,
    ships=lambda config: [MODEL_PATH],
    package=("ai_edge_litert", "ai-edge-litert"),
    measures=(
        Measure("face_front", "share of close-ups with a face", "higher", note=_CEILING),
        Measure("face_back", "the same from behind: a control", "lower", note=_CEILING),
        Measure("face_presence", "mean belief in a face in front", "higher", diagnostic=True),
    ),
    prepare=_prepare,
)
