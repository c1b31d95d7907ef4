"""``gallery.html``: an experiment's avatars, those of one prompt side by side, turning together.

The page links to the avatars' own pages and shows them in frames; it holds no avatar itself.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from gaussianmotion.avatar.file import load_avatar
from gaussianmotion.export.viewer.facts import subtitle, variant_of
from gaussianmotion.export.viewer.template import render_page
from gaussianmotion.records.run_folder import RunFolder
from gaussianmotion.runtime.atomic import write_text
from gaussianmotion.runtime.errors import UserError


@dataclass(frozen=True)
class Card:
    """One avatar's place in the gallery.

    Attributes:
        prompt: The text that it was made from.
        subtitle: Variant and seed.
        page: Address of its page, relative to the gallery.
        poster: Address of its front view, or empty.
    """

    prompt: str
    subtitle: str
    page: str
    poster: str


def write_gallery(pages: Sequence[Path], out_path: Path, title: str) -> int:
    """Write the gallery of some avatars' pages.

    Args:
        pages: Files that ``write_viewer`` wrote, each beside its ``avatar.safetensors``.
        out_path: The HTML to write or to replace.
        title: Name of the experiment.

    Returns:
        The number of prompts.

    Raises:
        UserError: a page or its avatar is missing or damaged, or the gallery cannot be written.
    """
    prompts: dict[str, list[Card]] = {}
    for page in pages:
        card = _card(page, out_path.parent)
        prompts.setdefault(card.prompt, []).append(card)
    write_text(out_path, render_page("gallery.html.j2", title=title, prompts=prompts))
    return len(prompts)


def _card(page: Path, beside: Path) -> Card:
    if not page.is_file():
        raise UserError(f"there is no page {page}: make it first (gaussianmotion viewer --help)")
    folder = RunFolder(page.parent)
    _, metadata = load_avatar(folder.avatar)
    return Card(
        prompt=metadata.prompt,
        subtitle=subtitle(metadata, variant_of(folder.avatar, metadata)),
        page=_href(page, beside),
        poster=_href(folder.front, beside) if folder.front.is_file() else "",
    )


def _href(path: Path, folder: Path) -> str:
    return quote(Path(os.path.relpath(path, folder)).as_posix())
