"""A notebook executed on an experiment's results, in the environment that this runs in."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from gaussianmotion.runtime.atomic import write_text
from gaussianmotion.runtime.errors import UserError

ROOT_VARIABLE = "GAUSSIANMOTION_ROOT"
_SECONDS = 600  # of one cell


def execute_notebook(source: Path, root: Path, out: Path) -> None:
    """Write ``out``: the notebook with the outputs that it has for these results.

    The notebook finds the results by the environment variable ``GAUSSIANMOTION_ROOT``. Its kernel
    is this interpreter, whatever kernels the user has installed.

    Args:
        source: Notebook to execute; it is left as it is.
        root: Folder of the experiment.
        out: Notebook to write.

    Raises:
        UserError: the notebook is missing, damaged or fails; nothing is written then.
    """
    if not root.is_dir():
        raise UserError(f"{root}: no such folder; give the results of an experiment")
    notebook = _read(source)
    with tempfile.TemporaryDirectory() as folder:
        manager = AsyncKernelManager(
            # No folders of kernels: what is left is the kernel of this interpreter.
            kernel_spec_manager=KernelSpecManager(kernel_dirs=[]),
            kernel_name="python3",
            connection_file=str(Path(folder) / "kernel.json"),
            # Sockets in this folder: no port is open to other users of the computer.
            transport="ipc",
            ip=str(Path(folder) / "kernel"),
        )
        client = NotebookClient(
            notebook, km=manager, timeout=_SECONDS, resources={"metadata": {"path": str(root)}}
        )
        try:
            # A manager that was handed over is left running unless told otherwise.
            client.execute(cleanup_kc=True, env=_environment(Path(folder), root))
        except CellExecutionError as error:
            raise UserError(
                f"{source} failed on {root} ({error.ename}: {error.evalue}); open it there, or "
                "make the tables again"
            ) from None
    write_text(out, nbformat.writes(notebook) + "\n")


def _environment(folder: Path, root: Path) -> dict[str, str]:
    """The kernel's: its history and settings stay in a folder of this job."""
    return os.environ | {
        ROOT_VARIABLE: str(root.resolve()),
        "IPYTHONDIR": str(folder),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


def _read(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
        data = json.loads(text)
    except FileNotFoundError:
        raise UserError(f"{path}: no such notebook; give notebooks/ablations.ipynb") from None
    except (OSError, ValueError) as error:
        raise UserError(
            f"{path} is no notebook ({error}); give notebooks/ablations.ipynb"
        ) from None
    if not (
        isinstance(data, dict) and data.get("nbformat") == 4 and isinstance(data.get("cells"), list)
    ):
        raise UserError(
            f"{path} is no notebook of format 4; open it in Jupyter and save it again, or give "
            "notebooks/ablations.ipynb"
        )
    return nbformat.reads(text, as_version=4)
