"""The body and the motions of an experiment."""

from collections.abc import Iterator

from gaussianmotion.body import load_body
from gaussianmotion.config import Config
from gaussianmotion.doctor.finding import Finding
from gaussianmotion.pipeline.experiment_files import motion_name
from gaussianmotion.pose.motion import load_motion
from gaussianmotion.runtime.errors import UserError


def look_at_body(config: Config) -> Finding:
    """The body's file, loaded."""
    try:
        body = load_body(config.body.path, config.body.betas)
    except UserError as error:
        return Finding("body", False, str(error))
    return Finding(
        "body", True, f"{config.body.path}, {len(body.vertices)} vertices, {body.height:.2f} m tall"
    )


def look_at_motions(config: Config) -> Iterator[Finding]:
    """Each motion, loaded."""
    for motion in config.motions:
        try:
            clip = load_motion(motion)
            said = f"{len(clip)} frames at {clip.fps:g} a second, {clip.layout}"
            yield Finding(f"motion {motion_name(motion)}", True, said)
        except UserError as error:
            yield Finding(f"motion {motion_name(motion)}", False, str(error))
