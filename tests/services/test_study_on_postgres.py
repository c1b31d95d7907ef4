"""The user study on PostgreSQL, which is killed while people vote: every kept vote stays."""

import json
import re
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path

import pytest
import sqlalchemy
from postgres import Postgres
from study_folder import make_study

from gaussianmotion.study.questions import QUESTION_KEYS

PEOPLE, PAIRS = 6, 6


class Person:
    """Somebody's browser: answers every question of every pair, again where it was refused."""

    def __init__(self, address: str, choice: str) -> None:
        self._address = address
        self._choice = choice
        self._browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self.kept: list[tuple[int, str, str]] = []
        self.refused = 0

    def take_part(self) -> None:
        """Begin, and answer everything."""
        self._asked("/begin", b"")
        for pair in range(1, PAIRS + 1):
            for question in QUESTION_KEYS:
                vote = {"pair": pair, "question": question, "choice": self._choice}
                self._asked("/votes", json.dumps(vote).encode())
                self.kept.append((pair, question, self._choice))

    def _asked(self, path: str, body: bytes) -> None:
        request = urllib.request.Request(
            self._address + path, body, {"Content-Type": "application/json"}
        )
        until = time.monotonic() + 240
        while True:
            try:
                with self._browser.open(request, timeout=60) as answer:
                    answer.read()
                    return
            except urllib.error.HTTPError as error:
                if error.code != 503:  # "Please try again in a minute."
                    raise
                self.refused += 1
            assert time.monotonic() < until
            time.sleep(0.1)


@pytest.fixture
def address(postgres: Postgres, tmp_path: Path) -> Iterator[str]:
    """The study's own address, as it says it."""
    make_study(tmp_path, count=PAIRS)
    command = [sys.executable, "-m", "gaussianmotion", "study", "serve", "--port", "0"]
    command += ["--experiment", str(tmp_path), "--database", postgres.create("study")]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    found = None
    while found is None:
        line = server.stderr.readline()
        assert line, "the study did not start"
        found = re.search(r"http://\S+", line)
    # Its warnings must not fill the pipe.
    threading.Thread(target=server.stderr.read, daemon=True).start()
    yield found[0]
    server.kill()
    server.wait(60)
    server.stderr.close()


def test_every_vote_is_kept_when_the_database_is_killed(postgres: Postgres, address: str) -> None:
    people = [Person(address, "ab"[index % 2]) for index in range(PEOPLE)]
    voting = [threading.Thread(target=person.take_part) for person in people]
    for thread in voting:
        thread.start()
    for _ in range(2):
        before = sum(len(person.kept) for person in people)
        until = time.monotonic() + 120
        while sum(len(person.kept) for person in people) < before + PEOPLE:
            assert time.monotonic() < until
            time.sleep(0.02)
        postgres.kill()
        postgres.start()
    for thread in voting:
        thread.join(300)
    assert [len(person.kept) for person in people] == [PAIRS * len(QUESTION_KEYS)] * PEOPLE
    # Otherwise the database was not away while somebody voted.
    assert sum(person.refused for person in people) > 0
    url = postgres.address("study").replace("postgresql://", "postgresql+pg8000://")
    engine = sqlalchemy.create_engine(url)
    with engine.connect() as connection:
        query = (
            "SELECT v.person, t.position, v.question, v.side = t.shown_as_a AS a FROM votes v "
            "JOIN trials t ON t.person = v.person AND t.pair = v.pair"
        )
        rows = connection.execute(sqlalchemy.text(query)).all()
    engine.dispose()
    assert len(rows) == PEOPLE * PAIRS * len(QUESTION_KEYS)
    chosen = {person: {row.a for row in rows if row.person == person} for person, *_ in rows}
    # Each person chose one letter throughout; so did the votes that are there.
    assert sorted(map(sorted, chosen.values())) == [[False]] * 3 + [[True]] * 3
