"""Renders the training pictures of the embedded prior, in shards.

Shards can be rendered in any order, by any number of processes, and a run that was stopped goes on
where it was. Items are independent draws, so any prefix of the shards is a fair sample.
"""

import hashlib
import json
import multiprocessing
import os
import time
import zipfile
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import numpy as np

from gaussianmotion.guidance.layout import REGIONS
from gaussianmotion.runtime.atomic import write_json
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.synthesis.people.character_pack import (
    PROVENANCE,
    CharacterPack,
    load_characters,
)
from gaussianmotion.synthesis.people.palette import GARMENT_COLOURS, HAIR_COLOURS
from gaussianmotion.synthesis.pictures.captions import FRAMINGS
from gaussianmotion.synthesis.pictures.dataset_items import BACKGROUNDS, SIZE, render_shard
from gaussianmotion.synthesis.reporting import Report, log_line

SHARD = 512
#: To be raised when the code draws other people, clothes, poses or pictures from the same seed:
#: a folder never holds two kinds. 2: a fifth of the people wear hats. 3: a quarter of heads, lower
#: bodies, depth; poses as avatars are trained in; every word in 1 % of the captions; outfits held
#: out as people are. 4: surface maps.
VERSION = 4

_PACK: CharacterPack | None = None


def _load_in_worker(path: Path) -> None:
    global _PACK
    _PACK = load_characters(path)


def _shard_in_worker(
    out: Path, shard: int, first: int, count: int, seed: int, held_out: bool
) -> int:
    assert _PACK is not None
    render_shard(_PACK, out, shard, first, count, seed, held_out)
    return count


def missing_shards(out: Path, count: int) -> list[tuple[int, int, int]]:
    """Number, first item and length of the shards that a dataset of ``count`` items still lacks.

    The last shard of a smaller dataset that is now to grow is too short, and so is missing.
    """
    jobs = []
    for shard, first in enumerate(range(0, count, SHARD)):
        length = min(SHARD, count - first)
        if _length(out / f"shard_{shard:04d}.npz") != length:
            jobs.append((shard, first, length))
    return jobs


def _length(path: Path) -> int:
    """Items of a shard; 0 where there is none that can be read."""
    try:
        with path.open("rb") as handle, np.load(handle, allow_pickle=False) as shard:
            return len(shard["framing"])
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        return 0


def render_dataset(
    pack: Path,
    out: Path,
    count: int,
    seed: int = 0,
    workers: int = 2,
    held_out: bool = False,
    report: Report = log_line,
) -> None:
    """Render ``count`` items into ``out``; finished shards are kept.

    Args:
        pack: file written by ``prepare_characters``.
        held_out: people, outfits and views for measuring, unseen in training, with
            captions that name everything.

    Raises:
        UserError: the pack cannot be read, ``out`` holds another dataset, the disk is full, or the
            system killed a process.
    """
    if count < 1:
        raise UserError(f"count must be at least 1, not {count}")
    load_characters(pack)  # a bad pack is one clear error, not one per worker
    settings = {
        "seed": seed, "held_out": held_out, "size": SIZE, "shard": SHARD, "version": VERSION,
        "characters": hashlib.sha256(pack.read_bytes()).hexdigest()[:16],
    }  # fmt: skip
    _refuse_another(out / "dataset.json", settings, count)
    write_json(
        out / "dataset.json",
        settings
        | {
            "count": count,
            "regions": REGIONS, "framings": FRAMINGS, "backgrounds": list(BACKGROUNDS),
            "palette": GARMENT_COLOURS, "hair_palette": HAIR_COLOURS, "provenance": PROVENANCE,
            "azimuth": "degrees, 0 = front, grows toward the person's left",
        },
    )  # fmt: skip
    jobs = missing_shards(out, count)
    start, done, total = time.monotonic(), 0, sum(length for _, _, length in jobs)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _load_in_worker, (pack,)) as pool:
        futures = [pool.submit(_shard_in_worker, out, *job, seed, held_out) for job in jobs]
        try:
            for finished in as_completed(futures):
                done += finished.result()
                rate = done / (time.monotonic() - start)
                report(
                    f"{done} of {total} pictures, {rate:.0f} a second, "
                    f"{(total - done) / rate / 60:.1f} min left"
                )
        except BrokenProcessPool as error:
            raise UserError(
                "a process was killed, most likely for want of memory: rerun with fewer --workers; "
                "finished shards are kept"
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def _refuse_another(card: Path, settings: dict[str, Any], count: int) -> None:
    """Raise a UserError where the folder holds a dataset that this one cannot go on with."""
    if not card.exists():
        if next(card.parent.glob("shard_*.npz"), None):
            raise UserError(f"{card.parent} holds shards without {card.name}: choose a new folder")
        return
    try:
        before = dict(json.loads(card.read_text(encoding="utf-8")))
        more = int(before["count"]) > count
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UserError(f"{card} is damaged: choose a new folder, or delete this one") from error
    changed = [key for key, value in settings.items() if before.get(key) != value]
    if changed:
        raise UserError(
            f"{card.parent} holds a dataset with another {changed[0]}: choose a new folder"
        )
    if more:
        raise UserError(
            f"{card.parent} is a dataset of {before['count']} pictures: give --count "
            f"{before['count']} or more, or choose a new folder"
        )
