"""Reading pictures that the user, or an earlier stage, has put there."""

from pathlib import Path

from PIL import Image

from gaussianmotion.runtime.errors import UserError


def read_picture(path: Path, again: str = "make it again") -> Image.Image:
    """A picture as RGB.

    Args:
        path: Of any format that Pillow knows.
        again: What a message says is to be done.

    Raises:
        UserError: it is missing or damaged.
    """
    try:
        with Image.open(path) as image:
            return image.convert("RGB")
    except FileNotFoundError:
        raise UserError(f"{path} is missing: {again}") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise UserError(f"{path} is damaged or no picture: {again}") from None
