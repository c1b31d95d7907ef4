"""Pictures and videos of a finished avatar.

The section is made of parts, so that a stage's settings hold the parts that it reads and no others.
"""

from typing import Annotated, Literal

from pydantic import Field

from gaussianmotion.config.section import Colour, Positive, Section, Share


class PictureSize(Section):
    """How large pictures are."""

    size: Annotated[int, Field(ge=32, le=4096, multiple_of=16)] = Field(512, description="Pixels.")


class Background(Section):
    """What is behind the person in still views."""

    background: Colour = Field((1.0, 1.0, 1.0), description="RGB in [0, 1].")


#: Poses that have a name (``body.poses.NAMED``; a test compares).
PoseName = Literal["star", "a", "t", "arms_down", "standing"]


class Multiview(Section):
    """The set of still views."""

    views: Annotated[int, Field(ge=1, le=1000)] = Field(
        10, description="Azimuths of the multi-view set (Table 1's protocol)."
    )


class Standing(Section):
    """How the person stands in still views."""

    pose: PoseName = Field("a", description="Pose of the still views.")
    elevation: Annotated[float, Field(ge=-60.0, le=60.0)] = Field(
        0.0, description="Degrees above the horizon of the still views."
    )


class Framing(Section):
    """How cameras are fitted to the person."""

    fov_y: Annotated[float, Field(ge=5.0, le=90.0)] = Field(
        30.0, description="Degrees; a long lens keeps heads and feet in proportion."
    )
    margin: Annotated[float, Field(ge=0.0, lt=0.4)] = Field(
        0.04, description="Share of the picture kept free on each side of the person."
    )
    room: Annotated[float, Field(ge=0.0, le=1.0)] = Field(
        0.08, description="Metres around the body that hair, hats and skirts may take."
    )


class AntiAliasing(Section):
    """How splats are widened for the picture's pixels."""

    anti_alias: Share = Field(
        0.6,
        description="Splats are widened by this share of the blur that they were trained with, so "
        "that pictures larger than the training's show no needles and gaps; at 1 hands turn to "
        "mittens, since close-ups were trained with less. Avatars of train.smooth_surface have no "
        "gaps and are drawn as they are.",
    )


class Drawn(AntiAliasing, Background):
    """What drawing reads once cameras are placed."""


class Filmed(Framing):
    """How videos are filmed."""

    fps: Annotated[int, Field(ge=1, le=1000)] = Field(30, description="Frames a second.")
    video_elevation: Annotated[float, Field(ge=-60.0, le=60.0)] = Field(
        8.0, description="Degrees above the horizon of the videos; above 0 the floor is seen."
    )
    ground: bool = Field(True, description="Videos have a soft shadow and faint floor lines.")


class MotionFilmed(Filmed):
    """How videos of motions are filmed."""

    motion_azimuth: Annotated[float, Field(ge=-180.0, le=180.0)] = Field(
        30.0, description="Degrees from the clip's mean heading: both arms and legs are seen."
    )
    motion_seconds: Positive = Field(
        4.0, description="Cyclic clips are repeated until they last this long."
    )
    motion_seconds_max: Positive = Field(12.0, description="Longer clips are cut here.")


class StandingAvatar(Filmed, Drawn, Standing, Multiview, PictureSize):
    """Still views, and a turntable."""

    turntable_frames: Annotated[int, Field(ge=1, le=100_000)] = Field(
        120, description="Frames of one turn around the person."
    )


class MovingAvatar(MotionFilmed, Drawn, PictureSize):
    """A video of a motion."""


# Pydantic's plugin of mypy gives both parents a constructor of one name.
class RenderConfig(MovingAvatar, StandingAvatar):  # type: ignore[misc]
    """Pictures and videos of a finished avatar."""
