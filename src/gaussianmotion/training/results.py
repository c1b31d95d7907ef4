"""What a finished training leaves: the avatar, and ``run.json``, which says how it came about."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gaussianmotion.avatar.file import AvatarMetadata, save_avatar
from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.records.earlier_avatar import remove_earlier
from gaussianmotion.records.run_folder import RunFolder
from gaussianmotion.records.run_record import RunRecord
from gaussianmotion.runtime.revision import git_commit
from gaussianmotion.training.environment import versions


def save_results(
    folder: RunFolder, avatar: Avatar, metadata: AvatarMetadata, facts: dict[str, Any]
) -> Path:
    """Write ``avatar.safetensors`` and ``run.json``; returns the avatar's path.

    Scores and videos of an avatar that was there before go (:mod:`..records.earlier_avatar`).

    Args:
        folder: The run's folder.
        avatar: Trained.
        metadata: Kept in the avatar, too.
        facts: Further facts of the run, as plain JSON.

    Raises:
        UserError: the disk is full or the folder cannot be written.
    """
    save_avatar(folder.avatar, avatar, metadata)
    remove_earlier(folder)
    record = RunRecord.model_validate(
        {
            "prompt_id": metadata.prompt_id,
            "prompt": metadata.prompt,
            "seed": metadata.seed,
            "digest": metadata.digest,
            "body_id": metadata.body_id,
            "steps": metadata.steps,
            "gaussians": len(avatar),
            **facts,
            "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "git_commit": git_commit(),
            "versions": versions(),
            "config": metadata.config,
        }
    )
    record.write(folder.record)
    return folder.avatar
