"""Run the study's web server until it is stopped."""

import socket
import sys
from pathlib import Path

from gaussianmotion.runtime.errors import UserError
from gaussianmotion.runtime.listening import listen
from gaussianmotion.study.app import create_app
from gaussianmotion.study.pairs import PairSet, clip_files, read_pairs
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
    with listen(host, port) as listening:
        store = Store(database, pairs)
        _announce(pairs, store, _addresses(host, listening.getsockname()[1]))
        config = uvicorn.Config(
            create_app(pairs, files, store),
            log_level="warning",
            access_log=False,
            server_header=False,
            # A phone that has gone in the middle of a clip must not keep Ctrl-C waiting.
            timeout_graceful_shutdown=10,
        )
        try:
            uvicorn.Server(config).run(sockets=[listening])
        finally:
            store.close()


def _addresses(host: str, port: int) -> list[str]:
    """Where to open the study: on this computer, and from others where these are let in."""
    everywhere = host in ("0.0.0.0", "::")
    here = "localhost" if host == "127.0.0.1" or everywhere else host
    lines = [f"open http://{f'[{here}]' if ':' in here else here}:{port}"]
    if everywhere:
        lines.append(
            f"from other computers http://{_outside()}:{port}; anybody who reaches it votes"
        )
    return lines


def _outside() -> str:
    """This computer's address towards the network; its name where it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as towards:
        try:
            towards.connect(("192.0.2.1", 9))  # of documentation: nothing is sent
            return str(towards.getsockname()[0])
        except OSError:
            return socket.gethostname()


def _announce(pairs: PairSet, store: Store, addresses: list[str]) -> None:
    people, votes = store.counts()
    others = store.other_studies()
    lines = [
        f"study {pairs.study}: {len(pairs.pairs)} pairs, {votes} votes of {people} people so far",
        f"votes: {store.engine.url.render_as_string(hide_password=True)}",
        *addresses,
        "Ctrl-C stops it; the same command goes on",
    ]
    if others:
        lines.append(f"votes on other pairs are in there too, kept apart: {', '.join(others)}")
    print("\n".join(lines), file=sys.stderr, flush=True)
