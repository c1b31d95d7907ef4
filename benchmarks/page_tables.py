"""Tables of the pages that campaigns write, read back."""

import re
from collections.abc import Iterator, Mapping


def rows_below(text: str, titles: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    """Each row of a page's tables: the kind whose title it stands below, and its cells as written.

    Args:
        text: Of the page, in Markdown.
        titles: Headings of the tables, by kind.
    """
    kinds = {title: kind for kind, title in titles.items()}
    kind, inside = "", False
    for line in text.splitlines():
        if line.startswith("## "):
            kind, inside = kinds[line[3:]], False
        elif line.startswith("|---"):
            inside = True
        elif inside and line.startswith("|"):
            yield kind, [cell.strip() for cell in re.split(r"(?<!\\)\|", line)][1:-1]
