"""Draws docs/layers.svg: the package's layers, as the contracts in pyproject.toml have them.

    python docs/draw_layers.py

A box is a folder (or module) with the first line of its docstring; it may use all boxes below.
"""

import ast
import html
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src/gaussianmotion"
PICTURE = ROOT / "docs/layers.svg"
WIDTH, HEIGHT, GAP, MARGIN = 900, 30, 6, 12
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1d2733 }
  .name { font-weight: 600 }
  .what { fill: #55616f; font-size: 12px }
  rect { fill: #eef3f8; stroke: #c3d0de }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .what { fill: #9aa7b4 } rect { fill: #1c2430; stroke: #3a4654 }
  }
"""


def layers() -> list[list[str]]:
    """The layers, highest first; names of one layer are beside each other."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (layered,) = (
        contract
        for contract in contracts["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
    )
    return [[name.strip() for name in layer.split(":")] for layer in layered["layers"]]


def purpose(name: str) -> str:
    """The first line of a room's docstring, without its full stop."""
    path = PACKAGE / name
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    docstring = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0].rstrip(".")


def drawing() -> str:
    """The picture as SVG."""
    rows = layers()
    height = 2 * MARGIN + len(rows) * (HEIGHT + GAP) - GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        "<title>The package's layers; a box may use all boxes below it</title>",
        f"<style>{STYLE}</style>",
    ]
    for index, names in enumerate(rows):
        y = MARGIN + index * (HEIGHT + GAP)
        width = (WIDTH - 2 * MARGIN - GAP * (len(names) - 1)) / len(names)
        for column, name in enumerate(names):
            x = MARGIN + column * (width + GAP)
            parts.append(
                f'<rect x="{x:g}" y="{y}" width="{width:g}" height="{HEIGHT}" rx="5"/>'
                f'<text class="name" x="{x + 10:g}" y="{y + 20}">{name}</text>'
                f'<text class="what" x="{x + 100:g}" y="{y + 20}">'
                f"{html.escape(shortened(purpose(name), width - 110))}</text>"
            )
    return "\n".join([*parts, "</svg>", ""])


def shortened(text: str, width: float) -> str:
    """As many whole words of a text as fit a width, at about 6.2 px a letter."""
    letters = int(width / 6.2)
    if len(text) <= letters:
        return text
    return text[:letters].rpartition(" ")[0].rstrip(",;:") + " …"


if __name__ == "__main__":
    PICTURE.write_text(drawing(), encoding="utf-8")
