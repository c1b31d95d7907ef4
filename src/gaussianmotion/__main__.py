"""``python -m gaussianmotion``: the same as the command ``gaussianmotion``."""

from gaussianmotion.cli import program

program()
