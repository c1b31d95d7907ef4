"""Snapshots of the model hub: its cache's layout, with large files resumed and checked.

The hub names a large file in its cache by the SHA-256 that a commit pins. Such files are fetched
by :mod:`gaussianmotion.models.downloads` to where the hub's own client looks for them; the client
does the rest (listing, small files, links), so every other program finds the models, too.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from gaussianmotion.models.downloads import DISK_FAULTS, cannot_write, download
from gaussianmotion.runtime.digest import file_sha256
from gaussianmotion.runtime.errors import UserError, first_sentence

_WEIGHTS = "diffusion_pytorch_model.safetensors"
# What SD1.5 in diffusers layout needs; leaves out .bin twins and the safety checker.
MODEL_FILES = (
    "model_index.json",
    "scheduler/scheduler_config.json",
    "unet/config.json",
    f"unet/{_WEIGHTS}",
    "vae/config.json",
    f"vae/{_WEIGHTS}",
)
# Which of these there are depends on the text encoder.
MODEL_EXTRAS = (
    "scheduler/*.json",
    "text_encoder/config.json",
    "text_encoder/model.safetensors",
    "tokenizer/*",
    "vocabulary.txt",
    "layout_head.safetensors",
)
CONTROLNET_FILES = ("config.json", _WEIGHTS)

_DIGEST = re.compile(r"[0-9a-f]{64}")


def half_name(name: str) -> str:
    """The name of a file's twin in half precision, as diffusers and transformers write it."""
    return name.replace(".safetensors", ".fp16.safetensors")


def is_hub_id(source: str) -> bool:
    """Whether it could be a repository: owner/name, or the name of one of the first."""
    return re.fullmatch(r"[\w.-]+(/[\w.-]+)?", source) is not None


def cached_snapshot(
    repo: str,
    revision: str | None,
    files: Sequence[str],
    extras: Sequence[str] = (),
    cache: Path | None = None,
    half: bool = False,
) -> Path | None:
    """The folder of a fetched snapshot; None where it is absent or incomplete.

    Args:
        repo: Hub id.
        revision: Commit, branch or tag.
        files: What must be there.
        extras: Patterns of what is taken along where the repository has it.
        cache: The hub's cache; None: the client's own choice (HF_HUB_CACHE, HF_HOME).
        half: Weights may be there in half precision only.
    """
    if half:
        twins = [[half_name(name) for name in names] for names in (files, extras)]
        found = _cached(repo, revision, twins[0], twins[1], cache)
        if found is not None and all(_is_there(found, name) for name in files):
            return found
    found = _cached(repo, revision, files, extras, cache)
    # Without the hub's listing (an older client's cache), the snapshot may lack some.
    there = found is not None and all((found / name).exists() for name in files)
    return found if there else None


def _is_there(folder: Path, name: str) -> bool:
    """Whether a file or its twin in half precision is."""
    return (folder / name).exists() or (folder / half_name(name)).exists()


def _cached(
    repo: str,
    revision: str | None,
    files: Sequence[str],
    extras: Sequence[str],
    cache: Path | None,
) -> Path | None:
    """The folder of a snapshot as the hub's client finds it; None where it does not."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError

    try:
        return Path(
            snapshot_download(
                repo,
                revision=revision,
                allow_patterns=[*files, *extras],
                cache_dir=cache,
                local_files_only=True,
            )
        )
    except (OSError, HFValidationError):
        return None


def fetch_snapshot(
    repo: str,
    revision: str | None,
    files: Sequence[str],
    extras: Sequence[str],
    cache: Path | None,
    what: str,
    half: bool = False,
) -> Path:
    """Download what is missing of a snapshot.

    Args as of :func:`cached_snapshot`, and:
        half: Take weights' twins in half precision where there are any: half as large.
        what: Configuration key, for messages.

    Raises:
        UserError: the hub cannot be reached, does not have it, or sends something else.
    """
    from huggingface_hub import HfApi, constants, get_token, hf_hub_url, snapshot_download

    # HTTPError of the HTTP library that this version of the hub's client uses.
    from huggingface_hub.errors import HFValidationError, HTTPError
    from huggingface_hub.file_download import repo_folder_name
    from huggingface_hub.hf_api import RepoFile
    from huggingface_hub.utils import filter_repo_objects

    root = Path(cache or constants.HF_HUB_CACHE)
    blobs = root / repo_folder_name(repo_id=repo, repo_type="model") / "blobs"
    try:
        # Listed for the commit: a branch could move between two requests.
        api = HfApi()
        commit = api.model_info(repo, revision=revision).sha if _moves(revision) else revision
        listing = api.list_repo_tree(repo, revision=commit, recursive=True)
        entries = [entry for entry in listing if isinstance(entry, RepoFile)]
        paths = [entry.path for entry in entries]
        twins = {name: half_name(name) for name in (*files, *extras)} if half else {}
        patterns = [twins[name] if twins.get(name) in paths else name for name in (*files, *extras)]
        wanted = set(filter_repo_objects(paths, allow_patterns=patterns))
        absent = [name for name in files if not {name, twins.get(name)} & wanted]
        if absent:
            raise UserError(
                f"{what}: {repo} at revision {commit} has no {absent[0]}: name a repository and a "
                "revision that have it"
            )
        for entry in entries:
            if entry.path in wanted and entry.lfs is not None:
                blob = blobs / entry.lfs.sha256
                if not blob.exists():
                    download(
                        hf_hub_url(repo, entry.path, revision=commit),
                        blob,
                        f"{what}, {entry.path}",
                        sha256=entry.lfs.sha256,
                        size=entry.lfs.size,
                        token=get_token(),
                    )
        return Path(
            snapshot_download(repo, revision=revision, allow_patterns=patterns, cache_dir=cache)
        )
    except (OSError, HTTPError, HFValidationError) as error:
        if isinstance(error, OSError) and error.errno in DISK_FAULTS:
            raise cannot_write(what, root, error) from None
        raise UserError(
            f"{what}: {repo} cannot be fetched ({first_sentence(error)}): check the name, the "
            f"revision and the network, or set {what} to your own copy; what was fetched is kept"
        ) from None


def weights_digests(folder: Path, what: str) -> dict[str, str]:
    """SHA-256 of each file of weights below ``folder``, by relative path.

    Raises:
        UserError: a file of the hub's cache is not what its commit says.
    """
    digests = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix not in (".safetensors", ".pt", ".pth", ".bin") or not path.is_file():
            continue
        digests[str(path.relative_to(folder))] = checked_digest(path, what)
    return digests


def checked_digest(path: Path, what: str) -> str:
    """SHA-256 of a file's bytes; a file that the hub's cache names by its digest must have it."""
    digest, pinned = file_sha256(path), pinned_digest(path)
    if pinned is not None and digest != pinned:
        raise UserError(
            f"{what}: {path} is damaged (its SHA-256 is {digest}, the commit says {pinned}): "
            f"delete {path.resolve()} and run `gaussianmotion models`"
        )
    return digest


def pinned_digest(path: Path) -> str | None:
    """The SHA-256 by which the hub's cache names a large file; None for any other file."""
    # The first link's name: the client may keep the bytes in a store that several repositories
    # share, behind a second link and under another hash.
    name = path.readlink().name if path.is_symlink() else ""
    return name if _DIGEST.fullmatch(name) else None


def _moves(revision: str | None) -> bool:
    return revision is None or not re.fullmatch(r"[0-9a-f]{40}", revision)
