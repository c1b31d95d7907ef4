"""Prompt lists: a TSV with the columns ``id`` and ``prompt``, or one sentence of the user's own."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gaussianmotion.config.experiment import PromptKeys
from gaussianmotion.runtime.atomic import write_text
from gaussianmotion.runtime.errors import UserError

MAX_CHARACTERS = 2000
HEADER = "id\tprompt"
# Letters and symbols that are drawn as nothing: fillers of Hangul, the blank pattern of Braille.
_BLANK = "\u115f\u1160\u3164\uffa0\u2800"
# A cell as a spreadsheet writes it where it holds quotes or commas.
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')
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


def _is_read(letter: str) -> bool:
    """Whether a character says something: a letter, digit or symbol that leaves ink."""
    return unicodedata.category(letter)[0] in "LNS" and letter not in _BLANK


def clean(text: str, where: str) -> str:
    """The sentence on one line, without surrounding or repeated white space.

    Raises:
        UserError: nothing that can be read is left, it is too long, or it holds control characters.
    """
    text = " ".join(text.split())
    if not any(_is_read(letter) for letter in text):
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
    """Read and check a prompt list; lines from ``#`` on are notes.

    Quotes are ordinary, except around a whole cell, where spreadsheets put them: the cell
    ``"a ""red"" hat"`` is the prompt ``a "red" hat``.
    """
    try:
        # Lines as editors count them; str.splitlines() also breaks at rarer characters.
        lines = path.read_text(encoding="utf-8-sig").split("\n")
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
    if not rows or "\t".join(map(_unquoted, rows[0][1].rstrip().split("\t"))) != HEADER:
        raise UserError(f"{path}: the first line must be 'id<TAB>prompt'; add it")
    prompts: dict[str, Prompt] = {}
    for number, line in rows[1:]:
        where = f"{path}, line {number}"
        name, tab, text = line.partition("\t")
        if not tab or "\t" in text:
            raise UserError(f"{where}: write the id, one tab and the prompt, found {line[:60]!r}")
        name, text = _unquoted(name), _unquoted(text)
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


def configured_prompts(config: PromptKeys) -> list[Prompt]:
    """The experiment's prompts: its one sentence, or those of its list."""
    if config.prompt is not None:
        text = clean(config.prompt, "prompt")
        return [Prompt(slug(text), text)]
    return read_prompts(config.prompts)


def write_prompts(path: Path, prompts: Iterable[Prompt]) -> None:
    """Write a prompt list that :func:`read_prompts` reads back."""
    rows = [f"{prompt.id}\t{_quoted(prompt.text)}" for prompt in prompts]
    write_text(path, "\n".join([HEADER, *rows]) + "\n")


def _unquoted(cell: str) -> str:
    whole = _QUOTED.fullmatch(cell.strip())
    return cell if whole is None else whole[1].replace('""', '"')


def _quoted(text: str) -> str:
    """The text as it is, unless it would not be read back so."""
    return text if _unquoted(text) == text else '"' + text.replace('"', '""') + '"'
