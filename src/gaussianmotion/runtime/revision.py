"""Which revision of this code runs: part of what a result must say about itself."""

import subprocess
from functools import cache
from pathlib import Path


@cache
def git_commit() -> str:
    """The checkout's commit, with ``-dirty`` where tracked files differ; empty outside of one."""
    folder = Path(__file__).resolve().parents[3]
    if not (folder / ".git").exists():  # a repository further up is not this code's
        return ""
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=40"]
    # No tag's name: the commit alone.
    command.append("--exclude=*")
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
