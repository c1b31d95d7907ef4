"""The web application: what it shows, and what it refuses."""

import asyncio
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from study_folder import make_study

from gaussianmotion.study.app import create_app
from gaussianmotion.study.pairs import PairSet, clip_files
from gaussianmotion.study.questions import QUESTION_KEYS
from gaussianmotion.study.store import Store

VOTE = {"pair": 1, "question": "geometry", "choice": "a"}


@pytest.fixture
def client(tmp_path: Path, study: PairSet, store: Store) -> Iterator[TestClient]:
    """A browser that has begun the study."""
    app = create_app(study, clip_files(study, tmp_path / "study"), store)
    with TestClient(app) as client:
        client.post("/begin")
        yield client


def answer_all(client: TestClient, position: int) -> None:
    for question in QUESTION_KEYS:
        reply = client.post("/votes", json={"pair": position, "question": question, "choice": "b"})
        assert reply.json()["saved"] is True


def test_a_person_is_led_from_pair_to_pair_and_thanked(client: TestClient, study: PairSet) -> None:
    for position in range(1, len(study.pairs) + 1):
        assert client.get("/pair").url.path == f"/pair/{position}"
        answer_all(client, position)
    assert client.get("/pair").url.path == "/thanks"
    assert "You have finished" in client.get("/").text


def test_nobody_skips_ahead_but_may_look_back(client: TestClient) -> None:
    assert client.get("/pair/5").url.path == "/pair/1"
    assert client.get("/thanks").url.path == "/pair/1"
    answer_all(client, 1)
    assert client.get("/pair/1").url.path == "/pair/1"
    assert client.get("/pair/1").text.count(" checked") == 3


def test_nothing_that_is_sent_says_which_system_is_which(
    client: TestClient, study: PairSet
) -> None:
    for position in range(1, len(study.pairs) + 1):
        page = client.get(f"/pair/{position}")
        links = re.findall(r'src="(/clips[^"]+)"', page.text)
        assert links
        replies = [page, *(client.get(link) for link in links)]
        for reply in replies:
            assert reply.status_code == 200
            sent = " ".join([str(reply.url), str(reply.headers), *reply.headers.values()])
            assert not re.search(r"\b(ours|rival|stranger|last-modified|etag)\b", sent)
        assert not re.search(r"\b(ours|rival|stranger|pair-\d+)\b", page.text)
        answer_all(client, position)


def test_a_and_b_are_the_two_sides_of_the_person(client: TestClient, store: Store) -> None:
    trial = store.trials(1)[0]
    clip = {letter: client.get(f"/clips/1/{letter}/0").text for letter in "ab"}
    ours = "a" if trial.shown_as_a == 0 else "b"
    assert "'ours'" in clip[ours]
    assert "baselines" in clip["b" if ours == "a" else "a"]


def test_a_video_can_be_read_in_parts(client: TestClient) -> None:
    whole = client.get("/clips/1/a/0").content
    part = client.get("/clips/1/a/0", headers={"Range": "bytes=2-5"})
    assert (part.status_code, part.content) == (206, whole[2:6])


@pytest.mark.parametrize(
    "path",
    [
        "/clips/1/c/0",
        "/clips/0/a/0",
        "/clips/99/a/0",
        "/clips/1/a/99",
        "/clips/1/a/-1",
        "/clips/1/a/..%2f..%2fpairs.json",
        "/clips/1/a/%2e%2e/%2e%2e/pairs.json",
        "/clips/..%2f..%2fetc%2fpasswd/a/0",
        "/static/..%2f..%2fapp.py",
        "/static/%2e%2e/%2e%2e/%2e%2e/study/pairs.json",
        "/pair/0",
        "/pair/99",
        "/pair/x",
        "/docs",
        "/openapi.json",
        "/votes.csv",
    ],
)
def test_other_addresses_are_not_found_in_plain_words(client: TestClient, path: str) -> None:
    reply = client.get(path)
    assert reply.status_code == 404
    assert "There is no such" in reply.text


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 422),
        ("{", 422),
        ("[" * 1000, 422),
        ("\ud83d".encode("utf-16", "surrogatepass").decode("latin-1"), 422),
        ("null", 422),
        ('{"pair": 1}', 422),
        ('{"pair": "1", "question": "geometry", "choice": "a"}', 422),
        ('{"pair": true, "question": "geometry", "choice": "a"}', 422),
        ('{"pair": 1e99, "question": "geometry", "choice": "a"}', 422),
        ('{"pair": 1, "question": "geometry", "choice": "ours"}', 422),
        ('{"pair": 1, "question": "geometry", "choice": "a", "person": 2}', 422),
        ('{"pair": 1, "question": "beauty", "choice": "a"}', 422),
        ('{"pair": 9, "question": "geometry", "choice": "a"}', 422),
        ('{"pair": 2, "question": "geometry", "choice": "a"}', 422),
        ('{"pair": -1, "question": "geometry", "choice": "a"}', 422),
        ('{"pair": 1, "question": "' + "x" * 5000 + '", "choice": "a"}', 413),
    ],
)
def test_a_malformed_or_forged_vote_is_refused(
    client: TestClient, store: Store, body: str, status: int
) -> None:
    reply = client.post("/votes", content=body, headers={"Content-Type": "application/json"})
    assert reply.status_code == status
    assert len(reply.json()["error"]) > 20
    assert store.counts() == (0, 0)


def test_another_sites_form_cannot_vote(client: TestClient, store: Store) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        reply = client.post(
            "/votes",
            content='{"pair": 1, "question": "text", "choice": "a"}',
            headers={"Content-Type": kind},
        )
        assert reply.status_code == 415
    assert store.counts() == (0, 0)


def test_another_sites_form_does_not_put_a_new_person_in_place_of_the_old(
    client: TestClient, store: Store
) -> None:
    # The browser withholds the cookie from it.
    client.cookies.clear()
    reply = client.post("/begin", headers={"Sec-Fetch-Site": "cross-site"})
    assert reply.status_code == 403
    assert "set-cookie" not in reply.headers


def test_a_browser_without_cookies_is_told(client: TestClient) -> None:
    client.cookies.clear()
    begun = client.post("/begin", follow_redirects=False).headers["location"]
    client.cookies.clear()
    reply = client.get(begun)
    assert (reply.status_code, "allow cookies" in reply.text) == (403, True)


def test_a_phone_that_goes_in_the_middle_of_an_answer_is_no_failure(client: TestClient) -> None:
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/votes",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }
    sent: list[dict[str, Any]] = []
    arriving = [
        {"type": "http.request", "body": b'{"pair"', "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> dict[str, Any]:
        return arriving.pop(0) if arriving else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(client.app(scope, receive, send))
    assert [message.get("status", 400) for message in sent] == [400] * len(sent)


@pytest.mark.parametrize("token", [None, "", "forged", "1", "a" * 4000])
def test_without_a_true_token_nothing_is_shown_or_stored(
    client: TestClient, study: PairSet, store: Store, token: str | None
) -> None:
    client.cookies.clear()
    if token is not None:
        client.cookies.set(f"study_{study.study}", token)
    assert client.post("/votes", json=VOTE).status_code == 403
    assert client.get("/clips/1/a/0").status_code == 403
    assert client.get("/pair/1").url.path == "/"
    assert store.counts() == (0, 0)


def test_beginning_twice_is_the_same_person(client: TestClient, store: Store) -> None:
    client.post("/votes", json=VOTE)
    client.post("/begin")
    client.post("/votes", json={**VOTE, "choice": "b"})
    assert store.counts() == (1, 1)
    (cookie,) = client.cookies.jar
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert len(str(cookie.value)) >= 32


def test_html_in_a_sentence_is_text(tmp_path: Path) -> None:
    sentence = '<script>alert("1")</script> & <b>"bold"</b> ' + "x" * 1900
    study = make_study(tmp_path / "html", prompts={"html": sentence})
    store = Store(str(tmp_path / "votes.db"), study)
    app = create_app(study, clip_files(study, tmp_path / "html/study"), store)
    with TestClient(app) as client:
        client.post("/begin")
        text = client.get("/pair/1").text
    store.close()
    assert "&lt;script&gt;" in text
    assert "<script>alert" not in text
    assert "very-long" in text


def test_a_clip_that_was_made_again_is_not_shown(
    tmp_path: Path, client: TestClient, study: PairSet
) -> None:
    for path in (tmp_path / "ours").rglob("*.*"):
        path.write_text("another avatar")
    for path in (tmp_path / "baselines").rglob("*.mp4"):
        path.unlink()
    replies = [client.get(f"/clips/1/{letter}/0") for letter in "ab"]
    assert 410 in [reply.status_code for reply in replies]
    assert "changed since" in " ".join(reply.text for reply in replies)
    # Nor is a vote on it kept: nobody knows which of the two it is about.
    assert client.post("/votes", json=VOTE).status_code == 410


def test_a_vote_that_cannot_be_stored_says_so(client: TestClient, store: Store) -> None:
    from gaussianmotion.study.tables import VOTES

    VOTES.drop(store.engine)
    reply = client.post("/votes", json=VOTE)
    assert reply.status_code == 503
    assert "try again" in reply.json()["error"]


def test_nothing_is_fetched_from_elsewhere(client: TestClient) -> None:
    static = [f"/static/{name}" for name in ("study.css", "clips.js", "study.js")]
    pages = [client.get(path) for path in ("/", "/pair/1", *static)]
    assert all(page.status_code == 200 for page in pages)
    assert not any(re.search(r"https?://|//[a-z]+\.", page.text) for page in pages)
    assert all("default-src 'self'" in page.headers["content-security-policy"] for page in pages)


def test_many_browsers_at_once_are_many_people(client: TestClient, store: Store) -> None:
    def take_part() -> None:
        with TestClient(client.app) as browser:
            browser.post("/begin")
            answer_all(browser, 1)

    threads = [threading.Thread(target=take_part) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.counts() == (8, 24)
