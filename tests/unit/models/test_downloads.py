"""Large files arrive whole and checked, whatever the network does."""

import hashlib
from pathlib import Path

import pytest
from fake_hub import FakeHub

from gaussianmotion.models.downloads import download
from gaussianmotion.runtime.errors import UserError

CONTENT = bytes(range(256)) * 40
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def served(**faults: object) -> FakeHub:
    return FakeHub({"/weights.pth": CONTENT}, **faults)


def fetch(hub: FakeHub, path: Path, sha256: str | None = DIGEST) -> Path:
    return download(f"{hub.url}/weights.pth", path, "models.inception", sha256, pause=0.0)


def test_a_file_arrives_whole(tmp_path: Path):
    with served() as hub:
        path = fetch(hub, tmp_path / "deep/weights.pth")
    assert path.read_bytes() == CONTENT
    assert [p.name for p in path.parent.iterdir()] == ["weights.pth"]


def test_a_broken_connection_is_taken_up_where_it_broke(tmp_path: Path):
    with served(cut_after=[1000, 2000]) as hub:
        path = fetch(hub, tmp_path / "weights.pth")
        assert hub.downloads("weights.pth") == [None, "bytes=1000-", "bytes=3000-"]
    assert path.read_bytes() == CONTENT


def test_what_arrived_is_kept_for_the_next_call(tmp_path: Path):
    path = tmp_path / "weights.pth"
    with served(cut_after=[4000, 0, 0, 0]) as hub:
        with pytest.raises(UserError, match=r"0\.0 MiB are kept and the next run goes on"):
            fetch(hub, path)
        assert not path.exists()
        assert (tmp_path / "weights.pth.partial").read_bytes() == CONTENT[:4000]
        hub.requests.clear()
        fetch(hub, path)
        assert hub.downloads("weights.pth") == ["bytes=4000-"]
    assert path.read_bytes() == CONTENT


def test_without_a_digest_what_an_earlier_call_left_may_be_of_another_version(tmp_path: Path):
    path = tmp_path / "weights.pth"
    (tmp_path / "weights.pth.partial").write_bytes(b"an older version")
    with served(cut_after=[4000]) as hub:
        fetch(hub, path, sha256=None)
        assert hub.downloads("weights.pth") == [None, "bytes=4000-"]
    assert path.read_bytes() == CONTENT
    with served(cut_after=[4000, 0, 0, 0]) as hub, pytest.raises(UserError) as caught:
        fetch(hub, path, sha256=None)
    assert "goes on from there" not in str(caught.value)


def test_a_server_that_knows_no_ranges_sends_it_all_again(tmp_path: Path):
    with served(cut_after=[4000], ranges=False) as hub:
        assert fetch(hub, tmp_path / "weights.pth").read_bytes() == CONTENT


def test_a_partial_file_that_is_already_whole_is_only_checked(tmp_path: Path):
    (tmp_path / "weights.pth.partial").write_bytes(CONTENT)
    with served() as hub:
        assert fetch(hub, tmp_path / "weights.pth").read_bytes() == CONTENT


def test_a_partial_file_that_is_too_long_is_thrown_away(tmp_path: Path):
    (tmp_path / "weights.pth.partial").write_bytes(CONTENT + b"of something else")
    with served() as hub:
        assert fetch(hub, tmp_path / "weights.pth").read_bytes() == CONTENT


def test_another_digest_is_refused_and_set_aside(tmp_path: Path):
    path = tmp_path / "weights.pth"
    with served(corrupt={"/weights.pth"}) as hub, pytest.raises(UserError) as caught:
        fetch(hub, path)
    assert not path.exists()
    assert (tmp_path / "weights.pth.wrong").stat().st_size == len(CONTENT)
    message = str(caught.value)
    assert DIGEST in message
    assert "run again to fetch it anew" in message
    with served() as hub:
        assert fetch(hub, path).read_bytes() == CONTENT


def test_a_file_that_is_in_place_survives_a_failed_download_beside_it(tmp_path: Path):
    path = tmp_path / "weights.pth"
    path.write_bytes(b"what was here")
    with served(corrupt={"/weights.pth"}) as hub, pytest.raises(UserError):
        fetch(hub, path)
    assert path.read_bytes() == b"what was here"


@pytest.mark.parametrize(("status", "tries"), [(404, 1), (403, 1), (503, 3)])
def test_only_passing_faults_are_tried_again(tmp_path: Path, status: int, tries: int):
    with served(status=status) as hub:
        with pytest.raises(UserError, match=f"HTTP {status}") as caught:
            fetch(hub, tmp_path / "weights.pth")
        assert len(hub.downloads("weights.pth")) == tries
    assert "\n" not in str(caught.value)


def test_a_host_that_does_not_answer(tmp_path: Path):
    with served() as hub:
        gone = hub.url
    with pytest.raises(UserError, match=r"cannot be fetched .*refused.*: check the network"):
        download(f"{gone}/weights.pth", tmp_path / "weights.pth", "models.hps", pause=0.0)


def test_the_token_is_not_told_to_the_host_of_a_redirect(tmp_path: Path):
    """A hub redirects to a store of files, which must not learn the user's token."""
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    seen: list[tuple[str, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append((self.path, self.headers.get("Authorization")))
            self.send_response(302 if self.path == "/hub" else 200)
            if self.path == "/hub":
                self.send_header("Location", "/store")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        url = f"http://127.0.0.1:{server.server_address[1]}/hub"
        download(url, tmp_path / "file", "prior.model", token="secret")
        server.shutdown()
        thread.join()
    assert seen == [("/hub", "Bearer secret"), ("/store", None)]
