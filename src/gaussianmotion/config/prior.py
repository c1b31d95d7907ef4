"""What an avatar is made of: the diffusion prior, and the body that Gaussians are skinned to."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from gaussianmotion.config.section import Section, UserPath, Words


class FramingWords(Section):
    """Words that tell the prior how much of the person is in the picture.

    The embedded prior's captions say "head", photographers "head shot".
    """

    full_body: Words = Field("full body", description="Of views that show the whole person.")
    upper_body: Words = Field("upper body", description="Of views from the hips to the head.")
    head: Words = Field("head shot", description="Of close-ups of the head.")
    lower_body: Words = Field("lower body", description="Of views from the hips to the feet.")


class PriorName(Section):
    """Which text-to-image model."""

    model: str = Field(
        "stable-diffusion-v1-5/stable-diffusion-v1-5",
        description="Hub id or folder of the diffusion model (vae, unet, scheduler, text encoder).",
    )


class PriorConfig(PriorName):
    """The text-to-image model with pose control, in diffusers layout."""

    revision: str | None = Field(
        "451f4fe16113bff5a5d2269ed5ad43b0592e9a14",
        description="Pinned revision of a hub model; ignored for a folder.",
    )
    controlnet: str = Field(
        "lllyasviel/control_v11p_sd15_openpose",
        description="Hub id or folder of the OpenPose ControlNet.",
    )
    controlnet_revision: str | None = Field(
        "9ae9f970358db89e211b87c915f9535c6686d5ba",
        description="Pinned revision of a hub ControlNet; ignored for a folder.",
    )
    dtype: Literal["float32", "bfloat16", "float16"] = Field(
        "float16", description="Precision of the networks; differences of scores stay in float32."
    )
    engine: Literal["torch", "auto", "openvino"] = Field(
        "torch",
        description="What runs UNet and ControlNet; auto is OpenVINO on a CPU, where it is "
        "installed, which takes about 0.7 of torch's time.",
    )
    neck: Literal["joint", "shoulders"] = Field(
        "joint",
        description="Where pose pictures have the neck: at SMPL's joint, as the embedded prior was "
        "trained, or half way between the shoulders, as OpenPose and so SD1.5's ControlNet.",
    )
    prompt_suffix: Words = Field(
        "", description="Words added to every prompt, before the view and framing words."
    )
    negative_prompt: Words = Field(
        "low quality, blurry, deformed, extra limbs, cropped",
        description="Prompt of the unwanted, used by nfsd.",
    )
    framing_words: FramingWords = FramingWords()


OPEN_BODY = Path("resources/body/open_body.npz")


class BodyConfig(Section):
    """The posable human that the Gaussians are skinned to."""

    path: UserPath = Field(
        OPEN_BODY,
        description="SMPL-layout file: the shipped open body, or your licensed SMPL .npz or .pkl.",
    )
    betas: list[Annotated[float, Field(ge=-10.0, le=10.0)]] = Field(
        default_factory=list,
        max_length=10,
        description="Shape coefficients, at most 10, in standard deviations of people.",
    )
    of_sentence: bool = Field(
        False,
        description="The open body takes the mean shape of women or of men, old where the sentence "
        "says so, in place of betas. Its hips stay as high, so that motions fit.",
    )

    @model_validator(mode="after")
    def _one_shape(self) -> "BodyConfig":
        if self.of_sentence and self.betas:
            raise ValueError("of_sentence chooses the betas: leave betas empty, or set it to false")
        if self.of_sentence and self.path.name != OPEN_BODY.name:
            raise ValueError(
                f"of_sentence knows the shapes of {OPEN_BODY} only: give {self.path} betas, or "
                "set it to false"
            )
        return self
