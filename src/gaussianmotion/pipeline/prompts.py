"""Prompt lists: a TSV with the columns ``id`` and ``prompt``, or one sentence of the user's own."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gaussianmotion.config import Config
from gaussianmotion.errors import UserError
from gaussianmotion.runtime.atomic import write_text

MAX_CHARACTERS = 2000
HEADER = "id\tprompt"
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")


@dataclass(frozen=True)
class Prompt:
    """One sentence and the stable name of its folder.

    Attributes:
        id: Lower-case letters, digits, ``_`` and ``-``; at most 80.
        text: The sentence, one line of at most 2,000 characters.
    """

    id: str
    text: str


def slug(text: str) -> str:
    """A stable folder name for a sentence.

    Sentences of plain words keep them ("a man in a green suit" is ``a-man-in-a-green-suit``); where
    that would lose something (case, punctuation, other scripts, length), six digits of the
    sentence's SHA-256 keep different sentences apart.
    """
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "-", ascii_text.lower()).strip("-")[:50].strip("-")
    if words.replace("-", " ") == text:
        return words
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()[:6]
    return f"{words or 'prompt'}-{digest}"


def clean(text: str, where: str) -> str:
    """The sentence on one line, without surrounding or repeated white space.

    Raises:
        UserError: nothing is left, it is too long, or it holds control characters.
    """
    text = " ".join(text.split())
    if not text:
        raise UserError(f"{where}: the prompt is empty; write a sentence such as 'a man in a suit'")
    if len(text) > MAX_CHARACTERS:
        raise UserError(
            f"{where}: the prompt has {len(text):,} characters; shorten it to {MAX_CHARACTERS:,}"
        )
    bad = next((letter for letter in text if unicodedata.category(letter) in ("Cc", "Cs")), None)
    if bad is not None:
        raise UserError(f"{where}: the prompt holds the control character {bad!r}; remove it")
    return text


def read_prompts(path: Path) -> list[Prompt]:
    """Read and check a prompt list; quotes are ordinary, lines from ``#`` on are notes."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        raise UserError(
            f"{path}: no such prompt list; give a TSV file whose first line is 'id<TAB>prompt'"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read ({error}); save it as UTF-8 text") from error
    rows = [
        (number, line)
        for number, line in enumerate(lines, start=1)
        if line.strip() and not line.startswith("#")
    ]
    if not rows or rows[0][1].rstrip() != HEADER:
        raise UserError(f"{path}: the first line must be 'id<TAB>prompt'; add it")
    prompts: dict[str, Prompt] = {}
    for number, line in rows[1:]:
        where = f"{path}, line {number}"
        name, tab, text = line.partition("\t")
        if not tab or "\t" in text:
            raise UserError(f"{where}: write the id, one tab and the prompt, found {line[:60]!r}")
        if not name.strip():
            raise UserError(f"{where}: the id is empty; write for example {slug(text)!r}")
        if not _ID.fullmatch(name):
            raise UserError(
                f"{where}: the id {name!r} may hold only lower-case letters, digits, '_' and '-' "
                f"(at most 80); write for example {slug(name)!r}"
            )
        if name in prompts:
            raise UserError(f"{where}: the id {name!r} is used twice; give this line another one")
        prompts[name] = Prompt(name, clean(text, where))
    if not prompts:
        raise UserError(f"{path}: no prompts; add a line such as 'green-suit<TAB>a man in a suit'")
    return list(prompts.values())


def configured_prompts(config: Config) -> list[Prompt]:
    """The experiment's prompts: its one sentence, or those of its list."""
    if config.prompt is not None:
        text = clean(config.prompt, "prompt")
        return [Prompt(slug(text), text)]
    return read_prompts(config.prompts)


def write_prompts(path: Path, prompts: Iterable[Prompt]) -> None:
    """Write a prompt list that :func:`read_prompts` reads back."""
    write_text(
        path, "\n".join([HEADER, *(f"{prompt.id}\t{prompt.text}" for prompt in prompts)]) + "\n"
    )
