"""A rigged mesh: the body's surface at the avatar's, in its colours, with SMPL's skeleton."""

from gaussianmotion.export.mesh.file import write_mesh

__all__ = ["write_mesh"]
