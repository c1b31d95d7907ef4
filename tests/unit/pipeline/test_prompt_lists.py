"""Prompt lists and sentences of the user's own."""

import hashlib
from pathlib import Path

import pytest

from gaussianmotion.config import Config
from gaussianmotion.pipeline.prompts import (
    MAX_CHARACTERS,
    Prompt,
    clean,
    configured_prompts,
    read_prompts,
    slug,
    write_prompts,
)
from gaussianmotion.runtime.errors import UserError

REPOSITORY = Path(__file__).parents[3]


def test_plain_words_keep_their_name() -> None:
    assert slug("a man in a green suit") == "a-man-in-a-green-suit"


def test_different_sentences_never_share_a_folder() -> None:
    sentences = [
        "a man in a green suit",
        "A man in a green suit",
        "a man in a green suit.",
        "a man / in a green suit",
        "緑のドレスの女性",
        "赤のドレスの女性",
        "a man in a green suit " * 20 + "x",
        "a man in a green suit " * 20 + "y",
    ]
    names = [slug(sentence) for sentence in sentences]
    assert len(set(names)) == len(sentences)
    assert all(len(name) <= 80 and name[0].isalnum() and "/" not in name for name in names)
    assert names == [slug(sentence) for sentence in sentences]


def test_a_sentence_is_put_on_one_line() -> None:
    assert clean("  a man\n in\ta  suit ", "here") == "a man in a suit"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("   ", "empty"),
        ("x" * (MAX_CHARACTERS + 1), "2,001 characters"),
        ("a\x00b", "control character"),
        ("a\x1b[31mb", "control character"),
        ("\u200b\u200d \ufeff", "empty"),
        ("\u3164\u2800", "empty"),
        ("\u00ad \u0301", "empty"),
        ("... !", "empty"),
    ],
)
def test_a_sentence_that_cannot_be_used_is_refused(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        clean(text, "here")


def test_a_list_reads_back_as_it_was_written(tmp_path: Path) -> None:
    prompts = [
        Prompt("quotes", 'it\'s a "man"'),
        Prompt("html", "<b>a man</b> & $HOME / {x}"),
        Prompt("unicode", "eine Frau im grünen Kleid 👗"),
        Prompt("long", "x" * MAX_CHARACTERS),
        Prompt("quoted", '"a man"'),
        Prompt("quote", 'a 6" hat"'),
        Prompt("doubled", '"a ""b"" c"'),
    ]
    write_prompts(tmp_path / "list.tsv", prompts)
    assert read_prompts(tmp_path / "list.tsv") == prompts


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "first line must be"),
        ("name\tprompt\na\tb\n", "first line must be"),
        ("id\tprompt\n", "no prompts"),
        ("id\tprompt\na\tb\na\tc\n", "line 3: the id 'a' is used twice"),
        ("id\tprompt\n\tb\n", "line 2: the id is empty; write for example 'b'"),
        ("id\tprompt\na\t  \n", "line 2: the prompt is empty"),
        ("id\tprompt\nMy Man\tb\n", "write for example 'my-man"),
        ("id\tprompt\n../up\tb\n", "may hold only lower-case letters"),
        ("id\tprompt\na b\n", "one tab"),
        ("id\tprompt\na\tb\tc\n", "one tab"),
    ],
)
def test_a_mistake_names_the_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "list.tsv"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        read_prompts(path)


def test_lines_are_those_of_an_editor(tmp_path: Path) -> None:
    path = tmp_path / "list.tsv"
    path.write_bytes("id\tprompt\r\na\tb \x0b \x85 \u2028 c\r\na b\r\n".encode())
    with pytest.raises(UserError, match="line 3: write the id"):
        read_prompts(path)


def test_what_a_spreadsheet_quotes_is_read_without_its_quotes(tmp_path: Path) -> None:
    path = tmp_path / "list.tsv"
    path.write_text('"id"\t"prompt"\n"a"\t"a ""red"" hat, a suit"\nb\ta 6" hat\nc\t"q" and "r"\n')
    texts = [prompt.text for prompt in read_prompts(path)]
    assert texts == ['a "red" hat, a suit', 'a 6" hat', '"q" and "r"']


@pytest.mark.parametrize("text", ["👗", "日本", "नमस्ते", "7", "a\u200db"])
def test_a_sentence_of_any_script_is_one(text: str) -> None:
    assert clean(text, "here") == text


def test_one_sentence_stands_in_for_the_list() -> None:
    assert configured_prompts(Config(prompt="a man")) == [Prompt("a-man", "a man")]


# What paper.md leaves out: the colour duplicates of a black fedora and of a pink beanie.
COLOUR_DUPLICATES = (
    "A man with a black fedora and a denim jacket.",
    "A woman with a yellow beanie.",
    "A man with a black fedora and a leather jacket.",
    "A man with a green fedora and a leather jacket.",
    "A man with a red fedora and a leather jacket.",
)


def test_the_gallery_is_the_published_one() -> None:
    texts = [prompt.text for prompt in read_prompts(REPOSITORY / "config/prompts/gallery.tsv")]
    assert len(texts) == 39
    assert (
        hashlib.sha256("\n".join(texts).encode()).hexdigest()
        == "d50f72994611d3e43ed243a16c6accccf3d0341d940f48c789d4fba2f7c1576b"
    )


def test_the_papers_list_is_the_gallery_without_colour_duplicates_the_first_thirty() -> None:
    gallery = read_prompts(REPOSITORY / "config/prompts/gallery.tsv")
    assert set(COLOUR_DUPLICATES) < {prompt.text for prompt in gallery}
    kept = [prompt for prompt in gallery if prompt.text not in COLOUR_DUPLICATES]
    assert read_prompts(REPOSITORY / "config/prompts/paper.tsv") == kept[:30]


def test_the_laptops_lists_are_varied_enough() -> None:
    assert len(read_prompts(REPOSITORY / "config/prompts/laptop.tsv")) >= 12
    assert 2 <= len(read_prompts(REPOSITORY / "config/prompts/demo.tsv")) <= 3
