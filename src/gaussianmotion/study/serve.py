"""Run the study's web server until it is stopped."""

import socket
import sys
from pathlib import Path

from gaussianmotion.errors import UserError
from gaussianmotion.study.app import create_app
from gaussianmotion.study.pairs import clip_files, read_pairs
from gaussianmotion.study.store import Store


def serve(pairs_file: Path, database: str, host: str, port: int) -> None:
    """Serve a study; returns when it is stopped, and nothing is lost.

    Args:
        pairs_file: ``pairs.json``.
        database: URL, or the path of a SQLite file.
        host: Address to listen at; ``0.0.0.0`` lets other computers in.
        port: Port; 0 takes a free one.

    Raises:
        UserError: the pairs, their clips, the database or the port cannot be used.
    """
    import uvicorn

    pairs = read_pairs(pairs_file)
    if not pairs.pairs:
        raise UserError(f"{pairs_file} has no pairs: {pairs.reason}")
    files = clip_files(pairs, pairs_file.parent)
    store = Store(database, pairs)
    listening = _listen(host, port)
    people, votes = store.counts()
    port = listening.getsockname()[1]
    where = store.engine.url.render_as_string(hide_password=True)
    print(
        f"study {pairs.study}: {len(pairs.pairs)} pairs, {votes} votes of {people} people so far\n"
        f"votes: {where}\n"
        f"open http://{'localhost' if host in ('127.0.0.1', '0.0.0.0', '::') else host}:{port}\n"
        "Ctrl-C stops it; the same command goes on",
        file=sys.stderr,
        flush=True,
    )
    others = store.other_studies()
    if others:
        print(
            f"the database also has votes of other pairs, kept apart: {', '.join(others)}",
            file=sys.stderr,
        )
    app = create_app(pairs, files, store)
    config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False)
    uvicorn.Server(config).run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket, taken before anything is printed."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(128)
    except (OSError, OverflowError) as error:
        raise UserError(
            f"cannot listen at {host}, port {port} ({error}); choose another one with --port"
        ) from None
    return listening
