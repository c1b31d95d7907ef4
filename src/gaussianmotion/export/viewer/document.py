"""The page itself: one HTML file with the avatar, its motions and the program in it."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gaussianmotion import __version__
from gaussianmotion.body.joints import JOINTS
from gaussianmotion.config import RenderConfig
from gaussianmotion.export.viewer.clips import LONGEST, base64_text, pack_motion, standing_poses
from gaussianmotion.export.viewer.facts import made_by, subtitle, variant_of
from gaussianmotion.export.viewer.packing import pack
from gaussianmotion.export.viewer.template import render_page
from gaussianmotion.pose.motion import load_motions
from gaussianmotion.rendering.subject import Subject, load_subject
from gaussianmotion.runtime.atomic import atomic_path
from gaussianmotion.splat import constants

#: Parts of the program in the order in which they are read.
SCRIPTS = (
    *("rotations", "data", "skeleton", "order", "shaders", "canvas", "camera", "player", "stage"),
    *("gestures", "joints", "controls", "messages", "start"),
)


def write_viewer(
    avatar_path: Path,
    out_path: Path,
    motions: Sequence[str],
    config: RenderConfig,
    variant: str | None = None,
) -> int:
    """Write an avatar's ``avatar.html``.

    Args:
        avatar_path: An avatar file.
        out_path: The HTML to write or to replace.
        motions: Bundled clips by name, or paths of motion files; the first is shown first.
        config: ``fov_y``, ``anti_alias``, ``background``, ``margin``, ``room``,
            ``video_elevation`` and ``motion_azimuth`` are read: the page opens as videos begin.
        variant: Name of the run's variant; where not given, the avatar's folder is asked.

    Returns:
        The size of the page in bytes.

    Raises:
        UserError: avatar, body or a motion cannot be read, or the page cannot be written.
    """
    clips = load_motions(motions)  # what is not there is said before anything is computed
    for motion in clips:
        if motion.seconds > LONGEST:
            print(f"{motion.name}: the page has its first {LONGEST:.0f} seconds", file=sys.stderr)
    subject = load_subject(avatar_path)
    scene = {
        **describe(subject, variant or variant_of(avatar_path, subject.metadata)),
        "clips": [
            *(pack_motion(motion, subject.body) for motion in clips),
            *standing_poses(subject.body),
        ],
        "render": {
            "fovY": config.fov_y,
            "antiAlias": config.anti_alias,
            "background": list(config.background),
            "margin": config.margin,
            "room": config.room,
            "elevation": config.video_elevation,
            "azimuth": config.motion_azimuth,
        },
    }
    page = render_page(
        "viewer.html.j2",
        title=subject.metadata.prompt,
        subtitle=subtitle(subject.metadata, scene["variant"]),
        scene=inline_json(scene),
        scripts=SCRIPTS,
    )
    data = page.encode("utf-8")
    with atomic_path(out_path) as temporary:
        temporary.write_bytes(data)
    return len(data)


def describe(subject: Subject, variant: str | None) -> dict[str, Any]:
    """Everything of the page's JSON that does not depend on motions and cameras."""
    body = subject.body
    records = pack(subject.avatar, subject.weights, subject.trained_pixel)
    return {
        "version": __version__,
        "prompt": subject.metadata.prompt,
        "promptId": subject.metadata.prompt_id,
        "variant": variant,
        "seed": subject.metadata.seed,
        "facts": made_by(subject, variant),
        "gaussians": {
            "count": len(records.words),
            "words": base64_text(records.words, "<u4"),
            "low": records.low,
            "high": records.high,
            "logScales": records.log_scales,
            "trainedPixel": records.trained_pixel,
        },
        "body": {
            "parents": list(body.parents),
            "names": [name.replace("_", " ") for name in JOINTS],
            "restJoints": body.rest_joints.flatten().tolist(),
            "starInverse": body.star_inverse[:, :3].flatten().tolist(),
            "height": body.height,
        },
        "splat": {
            "eps2d": constants.EPS2D,
            "near": constants.NEAR,
            "alphaMin": constants.ALPHA_MIN,
            "alphaMax": constants.ALPHA_MAX,
            "extent": constants.EXTENT,
            "frustumMargin": constants.FRUSTUM_MARGIN,
            "compensate": subject.compensate,
        },
    }


def inline_json(data: Any) -> str:
    """JSON for a script element: nothing in it can end the element or begin a comment."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
