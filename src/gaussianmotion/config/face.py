"""The keys of an avatar's face, which go beyond the paper."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from gaussianmotion.config.section import Section, Share

#: Where the faces that ship are; ``body/face_marks.py`` reads them.
FACES = Path("resources/body/faces")
#: Faces of each kind, counted from 1: ``woman-1.png`` and so on.
EACH = 2
KINDS = ("woman", "man", "old-woman", "old-man")
NAMES = tuple(f"{kind}-{number}" for kind in KINDS for number in range(1, EACH + 1))


def face_path(name: str) -> Path:
    """The picture of a face of :data:`NAMES`, as it ships."""
    return FACES / f"{name}.png"


class FaceConfig(Section):
    """A face, for a prior that draws half of one."""

    contrast: Annotated[float, Field(ge=0.0, le=4.0)] = Field(
        0.0,
        description="Of the marks of a face (eyes, brows, nostrils, lips) that the colours of the "
        "face are drawn to after score.anneal_at: 1 as in true renders, 0 none. Prompt and seed "
        "choose it among those that ship. The face's Gaussians then keep their place and shape.",
    )
    rate: Share = Field(0.2, description="Share of the way to the marks that each step goes.")
    tone: Share = Field(
        0.0,
        description="How far the face's colour goes to the nearest tone that people's skins have, "
        "and those of throat and hands to the face's; at the end, where the prior tells regions, "
        "so does all bare skin, and hair gets one hue (bluish hair becomes grey). Where there is "
        "no contrast, nothing.",
    )
    points: Annotated[float, Field(ge=0.1, le=20.0)] = Field(
        1.0,
        description="Points on the face at the start, for each elsewhere on the head on the same "
        "area; four times as many on eyes and lips.",
    )
