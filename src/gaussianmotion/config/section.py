"""What all sections of the configuration share: constrained types, and their strictness."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Positive = Annotated[float, Field(gt=0.0)]
Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0)]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,79}$")]
# Other systems keep their published names.
SystemName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$")]


class Section(BaseModel):
    """Base of all sections: frozen, and a key that does not exist is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)
