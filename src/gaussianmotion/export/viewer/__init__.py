"""``avatar.html``: an avatar to turn and move in a browser, one file without network."""

from gaussianmotion.export.viewer.document import write_viewer

__all__ = ["write_viewer"]
