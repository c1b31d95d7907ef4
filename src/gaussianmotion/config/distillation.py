"""The keys of score distillation."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from gaussianmotion.config.section import Positive, Section, Share

# Evaluations of the prior for one picture: there are no more timesteps than that.
Evaluations = Annotated[int, Field(ge=1, le=1000)]


class DistillationConfig(Section):
    """Score distillation (eq. 5 and 6)."""

    method: Literal["asd", "sds", "csd", "nfsd", "sdi", "ism"] = Field(
        "asd", description="asd is eq. 6; sdi and ism find the noise by inversion, not by chance."
    )
    guidance_scale: Positive = Field(50.0, description="s of eq. 5.")
    tau: Annotated[int, Field(ge=0, le=1000)] = Field(
        400, description="Timestep below which ASD uses the classifier score alone (eq. 6)."
    )
    low_t_scale: Literal["s", "1"] = Field(
        "s", description="Factor of delta_c below tau: s, or 1 (eq. 6 as printed)."
    )
    weighting: Literal["one", "one_minus_alpha_bar"] = Field("one", description="w(t) of eq. 2.")
    inversion_steps: Evaluations = Field(
        3, description="Evaluations of the prior that find the noise of sdi and ism."
    )
    inversion_scale: float = Field(
        -7.5, description="Guidance scale while sdi looks for its noise; published below 0."
    )
    inversion_interval: Annotated[int, Field(ge=1, le=999)] = Field(
        50, description="Timesteps between the two noise levels that ism compares."
    )
    late_method: Literal["sdedit"] | None = Field(
        None,
        description="Method after anneal_at; sdedit pulls toward the picture that the prior makes "
        "of the rendered one in several steps.",
    )
    late_scale: Positive = Field(4.0, description="Guidance scale of late_method.")
    late_steps: Evaluations = Field(
        4, description="Evaluations of the prior that make such a picture."
    )
    late_repeats: Annotated[int, Field(ge=1, le=100)] = Field(
        4,
        description="Steps of the training that look at the same views and pictures; one that is "
        "asked to stop takes them all first.",
    )
    t_min: Annotated[int, Field(ge=0, le=999)] = Field(20, description="Smallest timestep.")
    t_max: Annotated[int, Field(ge=1, le=1000)] = Field(
        980, description="Largest timestep before annealing."
    )
    t_max_late: Annotated[int, Field(ge=1, le=1000)] = Field(
        500, description="Largest timestep after annealing."
    )
    anneal_at: Share = Field(0.5, description="Share of the training after which t_max_late holds.")

    @model_validator(mode="after")
    def _ordered(self) -> "DistillationConfig":
        if not self.t_min < self.t_max_late <= self.t_max:
            raise ValueError(
                f"t_min < t_max_late <= t_max is needed, but they are "
                f"{self.t_min}, {self.t_max_late}, {self.t_max}"
            )
        return self
