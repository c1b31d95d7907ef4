"""Files appear whole or not at all, and what stands in the way is said in one line."""

import errno
import multiprocessing
import os
import signal
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from gaussianmotion.pipeline.experiment_files import check_results
from gaussianmotion.runtime.atomic import atomic_path, temporary_of, write_text
from gaussianmotion.runtime.errors import UserError


def on_a_full_disk(path: Path) -> Path:
    """``path``, whose temporary sibling takes no byte: every write to it finds the disk full."""
    temporary_of(path).symlink_to("/dev/full")
    return path


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "new " * 10_000 + "\udc00")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_disk_that_turned_read_only_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It refuses to remove even what is not there."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    path = tmp_path / "a.txt"
    monkeypatch.setattr(Path, "unlink", refuse)
    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(UserError, match=r"^cannot write .*a\.txt: read-only file system; choose"):
        write_text(path, "text")


def test_what_a_killed_writer_left_goes_with_the_next_write(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    killed = multiprocessing.get_context("fork").Process(target=_killed_while_writing, args=(path,))
    killed.start()
    killed.join()
    (left,) = tmp_path.iterdir()
    of_others = [temporary_of(path, os.getppid()), path.with_name(".a.f00ba4-1.partial.txt")]
    for other in (*of_others, temporary_of(tmp_path / "b.txt", killed.pid)):
        other.write_text("half")
    write_text(path, "new")
    assert not left.exists()
    assert path.read_text() == "new"
    assert len(list(tmp_path.iterdir())) == 4


def _killed_while_writing(path: Path) -> None:
    with atomic_path(path) as temporary:
        temporary.write_text("half")
        signal.raise_signal(signal.SIGKILL)


def test_a_file_is_for_those_who_may_read_new_files_here(tmp_path: Path) -> None:
    save_file({"weights": torch.zeros(3)}, written := tmp_path / "alone.safetensors")
    assert written.stat().st_mode & 0o777 == 0o600  # what the library does by itself
    with atomic_path(tmp_path / "a.safetensors") as temporary:
        save_file({"weights": torch.zeros(3)}, temporary)
    write_text(tmp_path / "a.txt", "text")
    assert (tmp_path / "a.safetensors").stat().st_mode == (tmp_path / "a.txt").stat().st_mode


@pytest.mark.parametrize("count", [3, 100_000])
def test_a_full_disk_is_said_whoever_writes(tmp_path: Path, count: int) -> None:
    with pytest.raises(UserError, match="no space left on disk"):
        write_text(on_a_full_disk(tmp_path / "a.txt"), "text")
    # torch opens the file itself and raises no OSError.
    path = on_a_full_disk(tmp_path / "a.pt")
    with pytest.raises(UserError, match="no space left on disk"), atomic_path(path) as temporary:
        torch.save({"weights": torch.zeros(count)}, temporary)
    assert not path.exists()


def test_a_place_that_is_no_file_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("text")
    for path in (tmp_path / "folder", tmp_path / "file" / "below"):
        with pytest.raises(UserError, match="give a file's path"):
            write_text(path, "text")
    assert (tmp_path / "file").read_text() == "text"


def test_a_link_to_a_missing_disk_is_named(tmp_path: Path) -> None:
    (tmp_path / "results").symlink_to("/mnt/no-such-disk/results")
    with pytest.raises(UserError, match=r"results is a link to /mnt/no-such-disk/results, which"):
        write_text(tmp_path / "results/laptop/a.txt", "text")
    with pytest.raises(UserError, match=r"^results: .* is a link to .*; attach that disk"):
        check_results(tmp_path / "results/deeper")
    (tmp_path / "results").unlink()
    check_results(tmp_path / "results")
