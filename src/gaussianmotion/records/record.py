"""Records: small JSON files that say what lies beside them, read and written by one model each.

A key that this version does not know is kept, and written again. So a record of a newer version is
read as long as it has what is needed of it.
"""

import json
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from gaussianmotion.runtime.atomic import write_json
from gaussianmotion.runtime.errors import UserError

Kind = TypeVar("Kind", bound="Record")


class Record(BaseModel):
    """What every record can do. A key that was not given is not written.

    Attributes:
        KNOWN: The newest version of the file that this program knows.
        ABSENT: What to do where there is no such file.
        AGAIN: What to do where it is damaged.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    KNOWN: ClassVar[int] = 1
    ABSENT: ClassVar[str]
    AGAIN: ClassVar[str]

    version: int | None = None

    @classmethod
    def read(cls: type[Kind], path: Path) -> Kind:
        """Read a file.

        Raises:
            UserError: it is missing or damaged, or lacks what is needed of it.
        """
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise UserError(f"{path.parent} has no {path.name}: {cls.ABSENT}") from None
        except (OSError, ValueError):
            raise UserError(f"{path} is damaged (no readable JSON): {cls.AGAIN}") from None
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise UserError(f"{path} {cls._fault(data, error)}: {cls.AGAIN}") from None

    @classmethod
    def find(cls: type[Kind], path: Path) -> Kind | None:
        """Read a file; None where it is missing or damaged.

        For pages that show what there is, and say what there is not.
        """
        try:
            return cls.read(path)
        except UserError:
            return None

    def write(self, path: Path) -> None:
        """Write the file, atomically.

        Raises:
            UserError: the disk is full or the folder cannot be written.
        """
        write_json(path, self.model_dump(exclude_unset=True))

    @classmethod
    def _fault(cls, data: Any, error: ValidationError) -> str:
        """What is wrong with a file that is JSON."""
        version = data.get("version") if isinstance(data, dict) else None
        if isinstance(version, int) and version > cls.KNOWN:
            return (
                f"is of a newer version of gaussianmotion (version {version} of the file, "
                f"{cls.KNOWN} is known here)"
            )
        found = error.errors(include_url=False, include_input=False)
        keys = [".".join(map(str, fault["loc"])) for fault in found]
        if keys == [""]:
            return "is damaged (no JSON object)"
        absent = [
            key
            for key, fault in zip(keys, found, strict=True)
            if fault["type"] == "missing" and "." not in key
        ]
        if absent:
            return f"is damaged (no {', '.join(absent)})"
        return f"is damaged (a strange {keys[0]})"


def found_json(path: Path) -> dict[str, Any]:
    """A JSON file's mapping; empty where the file is missing, damaged or no mapping.

    For notes that a program leaves for itself; whatever says something of results is a
    :class:`Record`.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}
