"""Commands that make the shipped resources again; commands are added as their makers land."""

from gaussianmotion.cli.arguments import Commands


def add_commands(commands: Commands) -> None:
    """Add ``synthesis`` and its sub-commands to the parser."""
