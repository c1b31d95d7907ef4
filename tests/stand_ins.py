"""Stand-ins of a GPU machine's programs and of its driver's library: what they say, nothing else.

A :class:`Machine` is a folder that becomes the whole PATH (and LD_LIBRARY_PATH), so that nothing
of this computer is found by accident.
"""

import os
import shutil
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest

_LIBRARY = """
#include <stdlib.h>
#include <string.h>
static const unsigned char uuids[][2][16] = {%(uuids)s {{0}}};
static int shown[64], count;
int cuDriverGetVersion(int *version) { *version = %(version)d; return 0; }
int cuInit(unsigned flags) {
    char *visible = getenv("CUDA_VISIBLE_DEVICES");
    if (!visible) for (; count < %(count)d; count++) shown[count] = count;
    else for (char *name = strtok(visible, ","); name; name = strtok(0, ","))
        shown[count++] = atoi(name);
    return %(fails)d;
}
int cuDeviceGetCount(int *n) { *n = count; return 0; }
static int copy(void *to, int device, int kind) {
    memcpy(to, uuids[shown[device]][kind], 16);
    return 0;
}
int cuDeviceGetUuid(void *to, int device) { return copy(to, device, 0); }
int cuDeviceGetUuid_v2(void *to, int device) { return copy(to, device, 1); }
"""


def named(number: int, kind: str = "GPU") -> str:
    """A UUID such as the driver gives."""
    return f"{kind}-{uuid.UUID(int=number)}"


@dataclass(frozen=True)
class Card:
    """One GPU of the machine."""

    uuid: str
    name: str = "NVIDIA RTX 4090"
    capability: str = "8.9"
    total_mib: int = 24564
    free_mib: int = 24000
    mig: str = "[N/A]"
    instances: tuple[str, ...] = ()


class Machine:
    """A folder that is all of PATH."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._patch = monkeypatch
        for name in ("CUDA_HOME", "CUDA_PATH", "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "CXX"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("PATH", str(folder))
        monkeypatch.setenv("LD_LIBRARY_PATH", str(folder))

    def program(self, name: str, script: str) -> Path:
        """A shell script of the shell's own words only."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    def nvidia_smi(self, *cards: Card, driver: str = "580.65.06", knows: bool = True) -> None:
        """List cards; ``knows`` is whether it knows of compute capabilities and MIG."""
        plain, full, listing, each = [], [], [], []
        for index, card in enumerate(cards):
            memory = f"{card.total_mib}, {card.free_mib}"
            plain.append(f"{index}, {card.uuid}, {card.name}, {memory}, {driver}")
            full.append(f"{plain[-1]}, {card.capability}, {card.mig}")
            listing.append(f"GPU {index}: {card.name} (UUID: {card.uuid})")
            listing += [f"  MIG 1g.5gb Device 0: (UUID: {name})" for name in card.instances]
            each.append(f'*{card.uuid}*) echo "{card.free_mib}, {card.total_mib}";;')
        words = "\n".join
        newer = f'*compute_cap*) echo "{words(full)}";;' if knows else "*compute_cap*) exit 2;;"
        self.program(
            "nvidia-smi",
            f'case "$*" in\n{words(each)}\n-L) echo "{words(listing)}";;\n{newer}\n'
            f'*) echo "{words(plain)}";;\nesac',
        )

    def toolkit(self, home: Path, release: str = "13.0", fails: str = "", packed: bool = False):
        """A CUDA toolkit whose compiler says its release and compiles anything, or fails.

        ``packed`` is the layout of PyPI's packages.
        """
        usual = 'echo "fatal error: $1" >&2; exit 1' if fails else ":"
        self.program(
            str(home / "bin/nvcc"),
            f'case "$*" in --version) echo "tools, release {release}, V{release}.88";; '
            f"*) {usual.replace('$1', fails)};; esac",
        )
        library = f"lib/libcudart.so.{release[:2]}" if packed else "lib64/libcudart.so"
        for name in ("include/cuda_runtime.h", library):
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).touch()
        return home

    def compiler(self) -> Path:
        """A C++ compiler that compiles anything."""
        return self.program("c++", ":")

    def driver(self, version: int, *uuids: str, parents: tuple[str, ...] = (), fails: int = 0):
        """The driver's library, compiled: CUDA's order of GPUs, and the MIG instances' parents."""
        compiler = shutil.which("cc", path="/usr/local/bin:/usr/bin:/bin")
        if compiler is None:
            pytest.skip("no C compiler for the driver's stand-in: install gcc")

        def raw(name: str) -> str:
            value = uuid.UUID(name.partition("-")[2])
            return "{" + ",".join(str(byte) for byte in value.bytes) + "}"

        pairs = zip(parents or uuids, uuids, strict=True)
        source = self.folder / "cuda.c"
        source.write_text(
            _LIBRARY
            % {
                "uuids": "".join(f"{{{raw(whole)}, {raw(name)}}}," for whole, name in pairs),
                "version": version,
                "count": len(uuids),
                "fails": fails,
            }
        )
        subprocess.run(
            [compiler, "-shared", "-fPIC", "-o", str(self.folder / "libcuda.so.1"), str(source)],
            check=True,
            env={**os.environ, "PATH": "/usr/local/bin:/usr/bin:/bin"},
        )
