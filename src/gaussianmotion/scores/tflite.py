"""A small network in TensorFlow Lite's format, as the detectors are that ship with the code.

Its runtime is an optional dependency.
"""

import hashlib
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from gaussianmotion.runtime.errors import UserError

Shape = tuple[int, ...]


class TfliteNetwork:
    """Takes a square RGB picture, returns arrays.

    Attributes:
        id: The file's name without its ending, and the start of its digest.
        digest: SHA-256 of the file.
    """

    def __init__(
        self, path: Path, name: str, size: int, outputs: tuple[Shape, ...], threads: int = 1
    ) -> None:
        """Load the network.

        Args:
            path: The .tflite file.
            name: What messages call it: "pose detector".
            size: Pixels of the picture's side.
            outputs: Shapes of the arrays that are wanted, in the order wanted. They tell its
                outputs apart, since the names that converters give them say nothing.
            threads: Of the processor.

        Raises:
            UserError: the runtime is not installed, or the file is missing, damaged or another
                network.
        """
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ImportError:
            raise UserError(
                f"the {name}'s runtime is not installed: pip install 'gaussianmotion[pose]'"
            ) from None
        self._path = Path(path)
        try:
            data = self._path.read_bytes()
        except OSError:
            raise UserError(f"the {name} {path} is missing: restore it from git") from None
        try:
            self._interpreter = Interpreter(model_content=data, num_threads=threads)
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError):
            raise UserError(
                f"{path} is damaged or not a .tflite model: restore it from git"
            ) from None
        self.digest = hashlib.sha256(data).hexdigest()
        self.id = f"{self._path.stem}:{self.digest[:12]}"
        taken = self._interpreter.get_input_details()
        given = {tuple(o["shape"]): o["index"] for o in self._interpreter.get_output_details()}
        right_input = [tuple(i["shape"]) for i in taken] == [(1, size, size, 3)]
        if not right_input or not given.keys() >= set(outputs):
            raise UserError(f"{path} is another model than the {name}: restore it from git")
        self._input = taken[0]["index"]
        self._outputs = [given[shape] for shape in outputs]

    def __call__(self, picture: UInt8[ndarray, "S S 3"]) -> list[ndarray]:
        """The arrays of one picture, in the order and the shapes asked for.

        Raises:
            UserError: a value is not finite.
        """
        self._interpreter.set_tensor(self._input, picture[None].astype(np.float32) / 255.0)
        self._interpreter.invoke()
        found = [self._interpreter.get_tensor(index) for index in self._outputs]
        if not all(np.isfinite(array).all() for array in found):
            raise UserError(f"{self._path} computes NaN or infinity: restore it from git")
        return found
