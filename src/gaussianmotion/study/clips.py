"""Clips as they are served: nothing but their pictures says whose they are."""

from pathlib import Path
from typing import Any

from starlette.responses import FileResponse

from gaussianmotion.study.answer import RefusedAnswer


class Clips:
    """The files of all pairs, which must stay those that the votes are about."""

    def __init__(self, files: dict[str, list[list[Path]]]) -> None:
        self.files = files
        self.states = {
            path: _state(path) for sides in files.values() for side in sides for path in side
        }

    def check(self, pair: str) -> None:
        """See whether a pair's clips are still those that were chosen.

        Raises:
            RefusedAnswer: one of them has changed.
        """
        if any(_state(path) != self.states[path] for side in self.files[pair] for path in side):
            raise RefusedAnswer(
                410, "This clip has changed since the study began. Please tell who invited you."
            )

    def response(self, pair: str, side: int, index: int) -> FileResponse:
        """One file of one side of a pair.

        Raises:
            RefusedAnswer: there is none, or the pair has changed.
        """
        clips = self.files[pair][side]
        if not 0 <= index < len(clips):
            raise RefusedAnswer(404, "There is no such clip.")
        self.check(pair)
        # What is A differs between people, so the browser's copy belongs to the cookie.
        return NamelessFile(
            clips[index], headers={"Cache-Control": "private, max-age=3600", "Vary": "Cookie"}
        )


class NamelessFile(FileResponse):
    """A clip without its date: files of one system were often made at the same time."""

    def set_stat_headers(self, stat_result: Any) -> None:
        """Only the length."""
        self.headers["content-length"] = str(stat_result.st_size)

    def _should_use_range(self, http_if_range: str) -> bool:
        return False


def _state(path: Path) -> tuple[int, int] | None:
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_size, facts.st_mtime_ns
