"""Prompts, lists of prompts and captions."""

import json
from pathlib import Path

from bad_inputs.case import PROMPTS, RUN, Case, Change, keys, written

SHEET = ("sheet", RUN, "--out", "sheet.new.png")


def _list(name: str, content: str | bytes, says: str, code: int = 2) -> Case:
    command = (*PROMPTS, *keys("prompt=null", "prompts=list.tsv"))
    makes = ("prompts.out.tsv",) if code == 0 else ()
    return Case(f"list, {name}", command, says, written("list.tsv", content), code, makes)


def _one(name: str, text: str, code: int = 2) -> Case:
    makes = ("prompts.out.tsv",) if code == 0 else ()
    command = (*PROMPTS, *keys(f"prompt={json.dumps(text, ensure_ascii=False)}"))
    return Case(f"prompt, {name}", command, "" if code == 0 else "prompt", code=code, makes=makes)


def _prompted(text: str) -> Change:
    def change(folder: Path) -> None:
        path = folder / RUN / "views.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"prompt": text}))

    return change


CASES = [
    Case("PROMPT=", ("demo",), "prompt is empty", environment=(("GAUSSIANMOTION_PROMPT", ""),)),
    Case("PROMPT=' '", ("demo",), "prompt is empty", environment=(("GAUSSIANMOTION_PROMPT", " "),)),
    _one("empty", ""),
    _one("blank", " \t "),
    _one("zero width", "\u200b\u200d\ufeff"),
    _one("Hangul fillers", "\u3164 \u3164"),
    _one("combining marks only", "\u0301\u0301"),
    _one("dots", "..."),
    _one("control characters", "a\x00b"),
    _one("terminal codes", "a \x1b[31mman"),
    _one("2,001 letters", "x" * 2001),
    _one("emoji", "👗", 0),
    _one("Devanagari", "लाल पोशाक", 0),
    _one("shell", "$(touch pwned) `touch pwned` ; rm -rf ~", 0),
    _one("html", "<script>alert(1)</script>", 0),
    _list("empty", "", "first line must be"),
    _list("no header", "a\tb\n", "first line must be"),
    _list("UTF-16", "id\tprompt\na\tb\n".encode("utf-16"), "UTF-8"),
    _list("spaces for tabs", "id\tprompt\na b\n", "line 2"),
    _list("line after a form feed", "id\tprompt\na\tb \x0b\x85\u2028 c\nd e\n", "line 3"),
    _list("Windows lines", "id\tprompt\r\na\tb\r\n", "", 0),
    _list("spreadsheet's quotes", 'id\tprompt\na\t"a ""red"" hat"\n', "", 0),
    _list("ids twice", "id\tprompt\na\tb\na\tc\n", "line 3: the id 'a' is used twice"),
    _list("id is a path", "id\tprompt\n../../etc\tb\n", "line 2"),
    _list("prompt of zero width", "id\tprompt\na\t\u200b\n", "line 2: the prompt is empty"),
    *(
        Case(f"sheet, {name}", SHEET, "", _prompted(text), 0, ("sheet.new.png",))
        for name, text in (
            ("emoji", "a dress 👗👩🏽‍🦰"),
            ("CJK", "赤いドレスの女性"),
            ("Devanagari", "लाल पोशाक में महिला"),
            ("right to left", "رجل يرتدي بدلة \u202e"),
            ("2,000 letters", "x" * 2000),
        )
    ),
]
