"""Does the avatar take the pose and the orientation asked for? Protocol pose-1.

N frames, half of them of the bundled walk and half of the bundled dance, evenly spaced over each
motion, each seen from another side, so that all sides are seen equally often; on the plain
background at 256 pixels. A pose detector that never saw this project's pictures
(BlazePose) says where the joints are and which way the person faces; that is compared with what
drove the avatar.

* pck: share of the twelve large joints found within 0.2 torsos of the driving joint.
* torso_error: mean distance, in torsos, where a person was found.
* orientation: share of frames in which the person faces the way asked for, within 45 degrees; in
  ``details`` by the side that is shown. An avatar that looks the same from in front and behind
  fails on one of them. The detector reads feet and elbows, too, so that a face on the back of an
  otherwise right head hardly misleads it: ``front_back`` of geometry-1 is for that.

The detector errs, too; a mannequin painted by hand, on the same body in the same frames, is the
ceiling in ``details``. It is the same for all avatars, so it is kept in the user's cache folder.
"""

from pathlib import Path

from gaussianmotion.scores.pose.settings import PROTOCOL, PoseSettings
from gaussianmotion.scores.score import AVATAR, Measure, OfRun, RunScore
from gaussianmotion.scores.score_file import ScoreFile, input_digests


def _prepare(settings: PoseSettings, device: str) -> OfRun:
    import torch

    from gaussianmotion.rendering.subject import load_subject
    from gaussianmotion.runtime.digest import file_sha256
    from gaussianmotion.scores.pose import orientation, pose_agreement, posed_frames
    from gaussianmotion.scores.pose.detector import MODEL_PATH, PoseDetector

    detector = PoseDetector(threads=torch.get_num_threads())
    digest = file_sha256(MODEL_PATH)

    def of_run(run: Path) -> ScoreFile:
        path = run / AVATAR[0]
        subject = load_subject(path, device)
        found = posed_frames.measure(subject, detector, settings)
        return SCORE.file(
            {name: found[key] for name, key in posed_frames.NUMBERS.items()},
            n=found["frames"],
            model=detector.id.partition(":")[0],
            model_digest=digest,
            inputs=input_digests([path], run),
            details={
                "motions": list(posed_frames.MOTIONS),
                "size": posed_frames.SIZE,
                "right_within_torsos": pose_agreement.RIGHT_WITHIN,
                "right_within_degrees": orientation.RIGHT_WITHIN,
                "avatar": found,
                "ceiling": posed_frames.ceiling(subject, detector, settings),
            },
        )

    return of_run


SCORE = RunScore(
    name="pose",
    title="Pose agreement, BlazePose full",
    protocol=PROTOCOL,
    looks_at=AVATAR,
    settings=PoseSettings,
    package=("ai_edge_litert", "ai-edge-litert"),
    measures=(
        Measure("pck", "share of joints within 0.2 torsos of the driving joint", "higher"),
        Measure("orientation", "share of frames that face the way asked for", "higher"),
        Measure("torso_error", "mean distance of joints", "lower", "torsos", diagnostic=True),
    ),
    prepare=_prepare,
)
