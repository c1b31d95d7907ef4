"""Pictures and videos of a finished avatar."""

from typing import Annotated, Literal

from pydantic import Field

from gaussianmotion.config.section import Colour, Positive, Section, Share


class RenderConfig(Section):
    """Pictures and videos of a finished avatar."""

    size: Annotated[int, Field(ge=32, le=4096, multiple_of=16)] = Field(512, description="Pixels.")
    views: Annotated[int, Field(ge=1, le=1000)] = Field(
        10, description="Azimuths of the multi-view set (Table 1's protocol)."
    )
    turntable_frames: Annotated[int, Field(ge=1, le=100_000)] = 120
    fps: Annotated[int, Field(ge=1, le=1000)] = 30
    background: Colour = (1.0, 1.0, 1.0)
    pose: Literal["star", "a", "t", "arms_down"] = Field(
        "a", description="Pose of the still views."
    )
    fov_y: Annotated[float, Field(ge=5.0, le=90.0)] = Field(
        30.0, description="Degrees; a long lens keeps heads and feet in proportion."
    )
    elevation: Annotated[float, Field(ge=-60.0, le=60.0)] = Field(
        0.0, description="Degrees above the horizon of the still views."
    )
    video_elevation: Annotated[float, Field(ge=-60.0, le=60.0)] = Field(
        8.0, description="Degrees above the horizon of the videos; above 0 the floor is seen."
    )
    motion_azimuth: Annotated[float, Field(ge=-180.0, le=180.0)] = Field(
        30.0, description="Degrees from the clip's mean heading: both arms and legs are seen."
    )
    margin: Annotated[float, Field(ge=0.0, lt=0.4)] = Field(
        0.04, description="Share of the picture kept free on each side of the person."
    )
    room: Annotated[float, Field(ge=0.0, le=1.0)] = Field(
        0.08, description="Metres around the body that hair, hats and skirts may take."
    )
    motion_seconds: Positive = Field(
        4.0, description="Cyclic clips are repeated until they last this long."
    )
    motion_seconds_max: Positive = Field(12.0, description="Longer clips are cut here.")
    ground: bool = Field(True, description="Videos have a soft shadow and faint floor lines.")
    anti_alias: Share = Field(
        0.6,
        description="Splats are widened by this share of the blur that they were trained with, so "
        "that pictures larger than the training's show no needles and gaps; at 1 hands turn to "
        "mittens, since close-ups were trained with less.",
    )
