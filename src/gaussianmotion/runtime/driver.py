"""Whether the driver and the GPUs of this computer serve a CUDA version, before it is installed.

``python -m gaussianmotion.runtime.driver 13.0`` needs nothing but Python itself: ``make env`` asks
it before it installs gigabytes.
"""

import re
import sys
from collections.abc import Sequence

from gaussianmotion.runtime import nvidia

# The oldest driver of each CUDA major version (CUDA's release notes, minor version compatibility),
# and the oldest compute capability that torch's builds of it hold code for.
_DRIVERS = {11: 450, 12: 525, 13: 580}
_CAPABILITIES = {12: (5, 0), 13: (7, 5)}
OLDER_TORCH = (
    "`make env TORCH=cu126` (CUDA 12.6, for drivers from 525 and GPUs from the GTX 900 on)"
)


def driver_fault(cuda: str) -> str:
    """Why the driver does not serve a CUDA version, and what to do; empty where nothing says so.

    Args:
        cuda: Such as "13.0".
    """
    major = int(cuda.partition(".")[0])
    needed = _DRIVERS.get(major)
    versions = [device.driver for device in nvidia.devices() if device.driver]
    driver = nvidia.driver()
    if versions:
        known = re.match(r"\d+", versions[0])
        old = known is not None and needed is not None and int(known[0]) < needed
        what = f"the driver {versions[0]}"
    elif driver is not None:
        old = driver.cuda[0] < major
        what = f"the driver, which serves CUDA up to {driver.cuda[0]}.{driver.cuda[1]},"
    else:
        return ""
    if not old:
        return ""
    update = f"update it to {needed} or newer" if needed else "update it"
    older = f", or {OLDER_TORCH}" if major > 12 else ""
    return f"{what} is too old for CUDA {cuda}: {update}{older}"


def code_fault(capability: tuple[int, int], built_for: Sequence[str]) -> str:
    """Why a build of torch has no code for a GPU; empty where it has.

    Code for one capability runs on later minor versions of it; intermediate code on all later ones.

    Args:
        capability: Of the GPU.
        built_for: As ``torch.cuda.get_arch_list()`` has them: "sm_86", "compute_120".
    """
    for name in built_for:
        found = re.fullmatch(r"(sm|compute)_(\d+)(\d)[a-z]?", name)
        if found is None:
            continue
        major, minor = int(found[2]), int(found[3])
        same = major == capability[0] and minor <= capability[1]
        if same or (found[1] == "compute" and (major, minor) <= capability):
            return ""
    return f"has no code for compute capability {capability[0]}.{capability[1]}"


def _about_to_install(build: str) -> str:
    """What to say before torch of a CUDA version ("13.0.3", "cu126", "cpu") is installed."""
    found = re.fullmatch(r"cu(\d+)(\d)", build)
    cuda = f"{found[1]}.{found[2]}" if found else ".".join(build.split(".")[:2])
    if not re.fullmatch(r"\d+\.\d+", cuda):
        return ""
    fault = driver_fault(cuda)
    oldest = _CAPABILITIES.get(int(cuda.partition(".")[0]), (0, 0))
    for device in nvidia.devices():
        if not fault and device.capability is not None and device.capability < oldest:
            capability = ".".join(map(str, device.capability))
            fault = (
                f"torch of CUDA {cuda} has no code for {device.name}, of compute capability "
                f"{capability}: {OLDER_TORCH}"
            )
    return fault and f"{fault}. As it is, everything runs on the CPU; Ctrl-C stops here"


if __name__ == "__main__":
    if line := _about_to_install(sys.argv[1] if len(sys.argv) > 1 else ""):
        print(f"make: {line}", file=sys.stderr)
