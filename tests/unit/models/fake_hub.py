"""A model hub on this computer: real HTTP, small real files, and the faults of real networks."""

import hashlib
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from urllib.parse import unquote, urlsplit

from gaussianmotion.config import Config, PriorConfig
from gaussianmotion.models import fetch
from gaussianmotion.scores.registry import weights_of

COMMIT = "a" * 40
LARGE = (".safetensors", ".pt", ".pth")
PARTS = ("unet/", "vae/")
MODEL = {
    "model_index.json": b"{}",
    **{f"{part}config.json": b"{}" for part in PARTS},
    **{f"{part}diffusion_pytorch_model.safetensors": part.encode() * 900 for part in PARTS},
    "text_encoder/config.json": b"{}",
    "text_encoder/model.safetensors": b"text" * 700,
    "text_encoder/pytorch_model.bin": b"not wanted",
    "tokenizer/vocab.json": b"{}",
    "scheduler/scheduler_config.json": b"{}",
    "safety_checker/model.safetensors": b"not wanted",
}
CLIP, HPS, INCEPTION = b"clip" * 800, b"hps2" * 900, b"incp" * 600


def digest(content: bytes) -> str:
    """SHA-256, as hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def check_models(
    config: Config,
    out: Path | None = None,
    only: str | None = None,
    own_priors: Mapping[str, PriorConfig] = MappingProxyType({}),
) -> dict:
    """The models stage as its command calls it: with the weights that the scores need."""
    return fetch.check_models(config, out, only, own_priors, weights_of(config.scores.names))  # type: ignore[arg-type]


@dataclass
class FakeHub:
    """What is served, what goes wrong, and what was asked for.

    Attributes:
        files: Content by path: ``owner/name/file`` for a repository's, ``/file`` for others.
        cut_after: Bytes after which a large file's connection breaks, once for each entry.
        status: Answer to every request for a large file, in place of the file.
        corrupt: Paths whose content is sent with another first byte.
        requests: Method, path and Range header of each request.
    """

    files: dict[str, bytes]
    cut_after: list[int] = field(default_factory=list)
    status: int | None = None
    corrupt: set[str] = field(default_factory=set)
    ranges: bool = True
    requests: list[tuple[str, str, str | None]] = field(default_factory=list)

    def __enter__(self) -> "FakeHub":
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_HEAD(self) -> None:
                hub.answer(self)

            def do_GET(self) -> None:
                hub.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """Address of the server."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def downloads(self, name: str) -> list[str | None]:
        """Range headers of the downloads of a file."""
        return [r for method, path, r in self.requests if method == "GET" and path.endswith(name)]

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        path = unquote(urlsplit(request.path).path)
        self.requests.append((request.command, path, request.headers.get("Range")))
        if path.startswith("/api/models/"):
            self._listing(request, path)
            return
        key = path if path in self.files else path[1:].replace(f"/resolve/{COMMIT}", "")
        if key not in self.files:
            self._send(request, 404, b"")
        elif request.command == "GET" and self.status is not None and key.endswith(LARGE):
            self._send(request, self.status, b"")
        else:
            self._file(request, key)

    def _listing(self, request: BaseHTTPRequestHandler, path: str) -> None:
        repo = "/".join(path.split("/")[3:5])
        entries = []
        for name, content in self.files.items():
            if name.startswith(f"{repo}/"):
                entry = {
                    "type": "file",
                    "path": name.removeprefix(f"{repo}/"),
                    "size": len(content),
                    "oid": hashlib.sha1(content).hexdigest(),
                }
                if name.endswith(LARGE):
                    entry["lfs"] = {
                        "oid": hashlib.sha256(content).hexdigest(),
                        "size": len(content),
                        "pointerSize": 130,
                    }
                entries.append(entry)
        body = json.dumps(entries).encode()
        self._send(request, 200 if entries else 404, body, {"Content-Type": "application/json"})

    def _file(self, request: BaseHTTPRequestHandler, key: str) -> None:
        content = self.files[key]
        digest = hashlib.sha256(content) if key.endswith(LARGE) else hashlib.sha1(content)
        headers = {"ETag": f'"{digest.hexdigest()}"', "X-Repo-Commit": COMMIT}
        if key in self.corrupt:
            content = bytes([content[0] ^ 1]) + content[1:]
        start = request.headers.get("Range", "").removeprefix("bytes=").removesuffix("-")
        if start and self.ranges:
            first = int(start)
            if first >= len(content):
                self._send(request, 416, b"", {"Content-Range": f"bytes */{len(content)}"})
                return
            headers["Content-Range"] = f"bytes {first}-{len(content) - 1}/{len(content)}"
            self._send(request, 206, content[first:], headers, cut=key.endswith(LARGE))
        else:
            self._send(request, 200, content, headers, cut=key.endswith(LARGE))

    def _send(
        self,
        request: BaseHTTPRequestHandler,
        status: int,
        body: bytes,
        headers: dict[str, str] | None = None,
        cut: bool = False,
    ) -> None:
        request.send_response(status)
        for name, value in (headers or {}).items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        if request.command == "HEAD":
            return
        if cut and self.cut_after:
            request.wfile.write(body[: self.cut_after.pop(0)])
            request.close_connection = True
        else:
            request.wfile.write(body)
