"""``views.json`` and ``motions/NAME.json``: what a run's pictures and its videos show."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from gaussianmotion.records.record import Record


class Shot(BaseModel):
    """One camera.

    Attributes:
        file: Its picture below the run's folder; empty where it is a video's camera.
        azimuth: Degrees, 0 in front.
        elevation: Degrees.
        viewmat: World to camera, OpenCV axes, metres.
        K: Intrinsics, pixels.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    file: str = ""
    azimuth: float
    elevation: float | None = None
    viewmat: list[list[float]] = Field(default_factory=list)
    K: list[list[float]] = Field(default_factory=list)


class Still(Shot):
    """A still picture and its camera."""

    file: str


class Turntable(BaseModel):
    """The video around the avatar."""

    model_config = ConfigDict(extra="allow", frozen=True)

    file: str
    frames: int
    fps: int | float


class PicturesRecord(Record):
    """Whose pictures these are: what every record beside pictures starts with.

    Attributes:
        prompt_id: Of the prompt list.
        prompt: The sentence.
        seed: Of the training.
        avatar_sha256: Of the avatar's file, first 16 characters.
        training_digest: Of all that decides the avatar.
        body: Name and hash of the body.
        gaussians: How many the avatar has.
        backend: What drew: "gsplat", "numba" or "torch".
        device: Where.
    """

    prompt_id: str = ""
    prompt: str = ""
    seed: int | None = None
    avatar_sha256: str = ""
    training_digest: str = ""
    body: str = ""
    gaussians: int | None = None
    backend: str = ""
    device: str = ""


class ViewsRecord(PicturesRecord):
    """The still pictures and the turntable.

    Attributes:
        system: The other system whose pictures these are.
        source: Where they come from.
        licence: Under which they were given.
        pose: In which the avatar stands.
        size: Pixels of each side.
        background: RGB in [0, 1].
        front: The picture from the front.
        views: Those around it, from the back on.
        turntable: The video.
    """

    KNOWN: ClassVar[int] = 1
    ABSENT: ClassVar[str] = "run `gaussianmotion views` on its avatar first"
    AGAIN: ClassVar[str] = "run `gaussianmotion views` again"

    prompt: str
    system: str = ""
    source: str = ""
    licence: str = ""
    pose: str = ""
    size: int | None = None
    background: list[float] = Field(default_factory=list)
    front: Still
    views: list[Still]
    turntable: Turntable | None = None


class MotionRecord(PicturesRecord):
    """The video of a motion.

    Attributes:
        file: The video, beside the record.
        motion: Name of the motion.
        source: Where the motion comes from.
        frames: Of the video.
        fps: Frames per second.
        size: Pixels of each side.
        cycles: How often a cyclic motion is repeated; 0 where it is not cyclic.
        floor: Its height, metres.
        first_camera: Of the first frame.
    """

    KNOWN: ClassVar[int] = 1
    ABSENT: ClassVar[str] = "run `gaussianmotion animate` on its avatar first"
    AGAIN: ClassVar[str] = "run `gaussianmotion animate` again"

    file: str
    motion: str
    source: str = ""
    frames: int
    fps: float | None = None
    size: int | None = None
    cycles: int
    floor: float | None = None
    first_camera: Shot | None = None
