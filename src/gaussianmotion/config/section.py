"""What all sections of the configuration share: constrained types, and their strictness.

What a type checks beyond its JSON schema is a function here, so that the schema stays plain.
"""

import unicodedata
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

SLUG_PATTERN = r"^[a-z0-9][a-z0-9_.-]{0,79}$"
SYSTEM_NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$"
SHA256_PATTERN = r"^[0-9a-f]{64}$"
# Generators take 64 bits, and a training makes several seeds of its own.
MAX_SEED = 2**32 - 1
# Characters of words that are added to a prompt, as many as of the prompt itself.
MAX_WORDS = 2000
# What is squared and multiplied by other such numbers must stay a float32.
LARGEST, SMALLEST = 1e18, 1e-18


def _seed(value: int) -> int:
    if value > MAX_SEED:
        raise ValueError(f"a seed is at most {MAX_SEED}, but it is {value}")
    return value


def _colour(value: tuple[float, float, float]) -> tuple[float, float, float]:
    if not all(0.0 <= channel <= 1.0 for channel in value):
        raise ValueError(
            f"RGB is in [0, 1], but it is {list(value)}; write for example [1.0, 0.5, 0.0]"
        )
    return value


def _words(value: str) -> str:
    if len(value) > MAX_WORDS:
        raise ValueError(f"{len(value):,} characters are too many; shorten them to {MAX_WORDS:,}")
    bad = next((letter for letter in value if unicodedata.category(letter) in ("Cc", "Cs")), None)
    if bad is not None:
        raise ValueError(f"it holds the control character {bad!r}; remove it")
    return value


def _home(value: Path) -> Path:
    try:
        return value.expanduser()
    except RuntimeError:  # of a user who does not exist
        raise ValueError(f"{value}: there is no such home folder; write the whole path") from None


Share = Annotated[float, Field(ge=0.0, le=1.0)]
Positive = Annotated[float, Field(gt=0.0)]
Count = Annotated[int, Field(ge=1, le=10**9)]
Words = Annotated[str, AfterValidator(_words)]  # of a prompt
Seed = Annotated[int, Field(ge=0), AfterValidator(_seed)]
Slug = Annotated[str, Field(pattern=SLUG_PATTERN)]
# Other systems keep their published names.
SystemName = Annotated[str, Field(pattern=SYSTEM_NAME_PATTERN)]
Colour = Annotated[tuple[float, float, float], AfterValidator(_colour)]
# A path of the user's, in which ~ is their home.
UserPath = Annotated[Path, AfterValidator(_home)]


class Section(BaseModel):
    """Base of all sections: frozen; a key that does not exist, and infinity, are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _no_switch_for_a_number(cls, data: Any) -> Any:
        """`steps: yes` is no 1, though Python says so."""
        for key, value in data.items() if isinstance(data, dict) else ():
            field = cls.model_fields.get(str(key))
            if isinstance(value, bool) and field and field.annotation in (int, float):
                raise ValueError(f"{key} must be a number, but it is {str(value).lower()}")
        return data

    @model_validator(mode="after")
    def _computable(self) -> "Section":
        """`lr: {means: 1.0e+38}` is a number, but no result of it would be."""
        for key in type(self).model_fields:
            for number in _floats(getattr(self, key)):
                if number and not SMALLEST <= abs(number) <= LARGEST:
                    raise ValueError(
                        f"{key} is {number:g}, which 32 bits cannot compute with; write a number "
                        f"between {SMALLEST:g} and {LARGEST:g}"
                    )
        return self


def _floats(value: Any) -> list[float]:
    if isinstance(value, float):
        return [value]
    return [x for x in value if isinstance(x, float)] if isinstance(value, list | tuple) else []
