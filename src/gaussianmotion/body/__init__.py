"""The posable human: template, joints, skinning weights, forward kinematics.

The joints' names are also wanted where torch is not, which takes seconds to import: the body
itself is imported when it is first asked for.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gaussianmotion.body.load import load_body
    from gaussianmotion.body.model import Body

__all__ = ["Body", "load_body"]


def __getattr__(name: str) -> Any:
    if name == "Body":
        from gaussianmotion.body.model import Body

        return Body
    if name == "load_body":
        from gaussianmotion.body.load import load_body

        return load_body
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
